import type { Env } from "#kit/env.ts";
import type { Log } from "#kit/log.ts";
import type { Store } from "#kit/storage.ts";
import type { ComponentSettings } from "./components/component-settings.ts";
import type { Config } from "./config/config.ts";
import type { CoreObserver } from "./core-settings.ts";
import type { FederationMeans } from "./s2s/make-federation.ts";
import { ServerCore } from "./core.ts";
import { serverModules } from "./modules.generated.ts";
import { coreSettings } from "./settings-of-config.ts";

/**
 * The hosts with their modules as the configuration says, on an open store; whether anything listens is the caller's.
 *
 * @throws ModuleConflict, StoreError
 */
export function startCore(parts: {
  readonly env: Env;
  readonly log: Log;
  readonly store: Store;
  readonly config: Config;
  readonly components: readonly ComponentSettings[];
  readonly observer: CoreObserver;
  /** Absent where no other servers are talked to. */
  readonly federation?: FederationMeans;
}): Promise<ServerCore> {
  const { config, components, ...rest } = parts;
  const settings = { ...coreSettings(config), components };
  return ServerCore.start({ ...rest, settings, modules: serverModules });
}
