import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parse, TomlError } from "smol-toml";
import { configOf, type Config } from "./config.ts";
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import { crossChecks } from "./cross-checks.ts";
import { explainIssue } from "./explain-issue.ts";
import { keyTree } from "./key-tree.ts";
import { configSchema } from "./schema.ts";
import type { ConfigurableFeature } from "./sections/features.ts";
import { locateToml } from "./toml-lines.ts";

/** Where one looks when no file is named. */
export const defaultConfigFile = "balcony.toml";

export interface ConfigText {
  /** For messages, and to find files that are named relative to it; undefined when there is none. */
  readonly file: string | undefined;
  readonly text: string;
}

/**
 * Reads balcony.toml. A file that was not asked for by name may be missing: then all is as by default.
 *
 * @param named what `--config` says
 * @throws ConfigError when it cannot be read or is wrong
 */
export async function loadConfig(
  named: string | undefined,
  features: readonly ConfigurableFeature[],
): Promise<{ readonly config: Config; readonly file: string | undefined }> {
  const source = await readConfig(named);
  return { config: parseConfig(source, features), file: source.file };
}

export async function readConfig(named: string | undefined): Promise<ConfigText> {
  const file = resolve(named ?? defaultConfigFile);
  try {
    return { file, text: await readFile(file, "utf8") };
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT" && named === undefined) return { file: undefined, text: "" };
    const reason = code === "ENOENT" ? "there is no such file; make one with: balcony init" : String(cause);
    throw new ConfigError(file, [{ line: undefined, text: reason }], { cause });
  }
}

/** @throws ConfigError with everything that is wrong */
export function parseConfig({ file, text }: ConfigText, features: readonly ConfigurableFeature[]): Config {
  const document = parseToml(file, text);
  const lines = locateToml(text);
  const fail = (problems: readonly { path: readonly (string | number)[]; text: string }[]): never => {
    const located = problems.map(({ path, text: what }): ConfigProblem => ({ line: lines.lineOf(path), text: what }));
    throw new ConfigError(
      file,
      located.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0)),
    );
  };
  const schema = configSchema(features);
  const checked = schema.safeParse(document);
  if (!checked.success) {
    const root = keyTree(schema);
    return fail(checked.error.issues.flatMap((issue) => explainIssue(root, document, issue)));
  }
  const config = withAbsolutePaths(configOf(checked.data), file);
  const problems = crossChecks(config);
  return problems.length > 0 ? fail(problems) : config;
}

function parseToml(file: string | undefined, text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const [what = ""] = cause.message.split("\n");
    const sentence = what.replace(/^Invalid TOML document: /, "");
    throw new ConfigError(file, [{ line: cause.line, text: `not TOML (column ${cause.column}): ${sentence}` }], {
      cause,
    });
  }
}

/** File names count from where balcony.toml is, wherever the server was started. */
function withAbsolutePaths(config: Config, file: string | undefined): Config {
  const directory = file === undefined ? process.cwd() : dirname(file);
  const { storage, log, tls, acme, s2s } = config;
  return {
    ...config,
    hosts: config.hosts.map((host) => ({
      ...host,
      ...(host.certificate !== undefined && { certificate: resolve(directory, host.certificate) }),
      ...(host.key !== undefined && { key: resolve(directory, host.key) }),
    })),
    tls:
      tls.clientAuthorities === undefined
        ? tls
        : { ...tls, clientAuthorities: resolve(directory, tls.clientAuthorities) },
    acme: {
      ...acme,
      ...(acme.webroot !== undefined && { webroot: resolve(directory, acme.webroot) }),
      ...(acme.dnsHook !== undefined && { dnsHook: resolve(directory, acme.dnsHook) }),
      ...(acme.authorities !== undefined && { authorities: resolve(directory, acme.authorities) }),
    },
    s2s: { ...s2s, authorityFiles: s2s.authorityFiles.map((name) => resolve(directory, name)) },
    storage: storage.file === undefined ? storage : { ...storage, file: resolve(directory, storage.file) },
    log: log.file === undefined ? log : { ...log, file: resolve(directory, log.file) },
  };
}
