import { resolve } from "node:path";
import { AdministrationError } from "#kit/administration-error.ts";
import type { Administration, ReloadReport, ServerAdministration } from "#kit/administration.ts";
import type { Config } from "../config/config.ts";
import { ConfigError } from "../config/config-error.ts";
import { defaultConfigFile } from "../config/load-config.ts";
import type { ConfigurableFeature } from "../config/sections/features.ts";
import { showConfig } from "../config/show-config.ts";
import type { LogRing } from "../log-ring.ts";
import { ComponentSecrets } from "../components/component-secrets.ts";
import { nodeEnv } from "../node-env.ts";
import { componentFiles } from "./component-files.ts";
import { hostFiles } from "./host-files.ts";
import { notRunning } from "./not-running.ts";

export interface FilesParts {
  readonly server: ServerAdministration;
  /** Where the configuration was read from; undefined when all is by default. Asked each time: a reload may find one. */
  readonly configFile: string | undefined;
  readonly dataDir: string;
  readonly config: () => Config;
  readonly features: readonly ConfigurableFeature[];
  /** What only a running server has. */
  readonly running: { readonly reload: () => Promise<ReloadReport>; readonly ring: LogRing } | undefined;
}

/** Completes what the server's core can be asked with what concerns balcony.toml and the log. */
export function withFiles(parts: FilesParts): Administration {
  const { server, running, configFile } = parts;
  const file = configFile ?? resolve(defaultConfigFile);
  return {
    ...server,
    status: async (request) => {
      const status = await server.status(request);
      return parts.configFile === undefined ? status : { ...status, configFile: parts.configFile };
    },
    showConfig: () =>
      Promise.resolve({
        ...(parts.configFile !== undefined && { file: parts.configFile }),
        config: showConfig(parts.config(), parts.features),
      }),
    reloadConfig: () => (running ?? notRunning()).reload().catch(asAdministrationError),
    tailLog: (request, signal) => (running ?? notRunning()).ring.tail(request, signal),
    ...hostFiles({ ...parts, file }),
    ...componentFiles({ ...parts, file, secrets: new ComponentSecrets(parts.dataDir, nodeEnv()) }),
  };
}

function asAdministrationError(error: unknown): never {
  if (error instanceof ConfigError) throw new AdministrationError("config", error.message, { cause: error });
  throw error;
}
