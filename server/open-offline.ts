import type { Env } from "#kit/env.ts";
import type { ServerAdministration } from "#kit/administration.ts";
import type { Log } from "#kit/log.ts";
import { serverAdministration } from "./administration.ts";
import { componentSettings } from "./components/component-config.ts";
import { ComponentSecrets } from "./components/component-secrets.ts";
import type { Config } from "./config/config.ts";
import type { ServerObserver } from "./server.ts";
import { nodeEnv } from "./node-env.ts";
import { openStore } from "./open-store.ts";
import { startCore } from "./start-core.ts";

/** How long what was asked for may take to be written, in milliseconds. */
const stopMsMax = 5_000;

/** A server that does not listen: for administrators, while the real one is not running. */
export interface OfflineServer extends AsyncDisposable {
  readonly administration: ServerAdministration;
}

/**
 * Opens the store and the hosts' modules, without listeners and certificates.
 *
 * @throws StoreError, above all `locked` when a server runs on the same store
 */
export async function openOffline(options: {
  readonly config: Config;
  readonly dataDir: string;
  readonly log: Log;
  readonly observer: ServerObserver;
  readonly env?: Env;
}): Promise<OfflineServer> {
  const { config, dataDir, log, observer, env = nodeEnv() } = options;
  await using opened = new AsyncDisposableStack();
  const store = opened.use(await openStore(config, dataDir));
  const components = await componentSettings(config, new ComponentSecrets(dataDir, env));
  const core = await startCore({ env, log, store, config, components, observer });
  // Sessions that a change has ended are to be forgotten before the store is closed.
  opened.defer(() => core.stop(stopMsMax));
  const held = opened.move();
  return {
    administration: serverAdministration({
      core,
      store,
      config: () => config,
      dataDir,
      listeners: [],
      certificates: undefined,
      renewals: undefined,
      connections: undefined,
      startedAt: env.now(),
    }),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
