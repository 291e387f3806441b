import { chmod, open, readFile, realpath, rename, stat, unlink } from "node:fs/promises";
import { resolve } from "node:path";
import { AdministrationError } from "#kit/administration-error.ts";
import type { Administration, ReloadReport, ServerAdministration } from "#kit/administration.ts";
import { addHostToToml } from "../config/add-host.ts";
import type { Config } from "../config/config.ts";
import { ConfigError } from "../config/config-error.ts";
import { defaultConfigFile, parseConfig } from "../config/load-config.ts";
import type { ConfigurableFeature } from "../config/sections/features.ts";
import { showConfig } from "../config/show-config.ts";
import type { LogRing } from "../log-ring.ts";

export interface FilesParts {
  readonly server: ServerAdministration;
  /** Where the configuration was read from; undefined when all is by default. */
  readonly configFile: string | undefined;
  readonly config: () => Config;
  readonly features: readonly ConfigurableFeature[];
  /** What only a running server has. */
  readonly running: { readonly reload: () => Promise<ReloadReport>; readonly ring: LogRing } | undefined;
}

/** Completes what the server's core can be asked with what concerns balcony.toml and the log. */
export function withFiles(parts: FilesParts): Administration {
  const { server, running, configFile } = parts;
  return {
    ...server,
    status: async (request) => ({ ...(await server.status(request)), ...(configFile !== undefined && { configFile }) }),
    showConfig: () =>
      Promise.resolve({
        ...(configFile !== undefined && { file: configFile }),
        config: showConfig(parts.config(), parts.features),
      }),
    reloadConfig: () => (running ?? notRunning()).reload().catch(asAdministrationError),
    tailLog: (request, signal) => (running ?? notRunning()).ring.tail(request, signal),
    addHost: async (host) => {
      const file = configFile ?? resolve(defaultConfigFile);
      await addHost(file, host, parts);
      const report = await running?.reload();
      const isWaiting = report?.restartNeeded.some((key) => key.startsWith(`hosts ${host.domain} `)) ?? false;
      return { domain: host.domain, file, restartNeeded: isWaiting };
    },
  };
}

export function notRunning(): never {
  throw new AdministrationError("not-running", "the server does not run; start it with: balcony start");
}

type NewHost = Parameters<Administration["addHost"]>[0];

async function addHost(file: string, host: NewHost, { config, features }: FilesParts): Promise<void> {
  const text = await readText(file);
  try {
    const before = parseConfig({ file, text }, features);
    if (before.hosts.some(({ domain }) => domain === host.domain)) {
      throw new AdministrationError("exists", `${host.domain} is in ${file} already`);
    }
    const implied = config().hosts.map(({ domain }) => domain);
    const next = addHostToToml(text, host, implied);
    if (next === undefined) {
      throw new AdministrationError(
        "config",
        `${file} has its hosts in one list; write them as [[hosts]] tables, or add it by hand`,
      );
    }
    parseConfig({ file, text: next }, features);
    await replaceFile(file, next);
  } catch (error) {
    return asAdministrationError(error);
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return "";
    throw new AdministrationError("not-allowed", `cannot read ${file}: ${String(cause)}`, { cause });
  }
}

/** All or nothing: whoever reads the file meanwhile, and a crash, find the old text or the new one. */
async function replaceFile(file: string, text: string): Promise<void> {
  // Where balcony.toml is a link, what it points to is replaced, not the link.
  const target = await realpath(file).catch(() => file);
  const temporary = `${target}.${process.pid}.new`;
  try {
    const mode = await stat(target).then(
      (found) => found.mode & 0o7777,
      () => 0o640,
    );
    {
      await using handle = await open(temporary, "wx", mode);
      await handle.writeFile(text);
      await handle.sync();
    }
    await chmod(temporary, mode);
    await rename(temporary, target);
  } catch (cause) {
    await unlink(temporary).catch(() => {});
    throw new AdministrationError("not-allowed", `cannot write ${target}: ${String(cause)}`, { cause });
  }
}

function asAdministrationError(error: unknown): never {
  if (error instanceof ConfigError) throw new AdministrationError("config", error.message, { cause: error });
  throw error;
}
