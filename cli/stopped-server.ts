import type { Administration, ServerAdministration } from "#kit/administration.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import type { Config } from "#server/config/config.ts";
import type { ConfigurableFeature } from "#server/config/sections/features.ts";
import { withFiles } from "#server/control/with-files.ts";
import { makeDataDirectory, refuseForeignOwner } from "./data-directory.ts";
import { offlineOperations } from "./offline-operations.ts";
import { OpenedWhenNeeded } from "./opened-when-needed.ts";

export interface StoppedParts {
  readonly dataDir: string;
  readonly config: Config;
  /** Where that was read from; undefined when all is by default. */
  readonly file: string | undefined;
  readonly features: readonly ConfigurableFeature[];
  /** Opens the store. */
  readonly openOffline: (config: Config, dataDir: string) => Promise<OfflineServer>;
}

export interface OfflineServer extends AsyncDisposable {
  readonly administration: ServerAdministration;
}

/** The administration of a server that does not run: on its files, and on its store, which is opened when the first operation needs it. */
export function stoppedServer(parts: StoppedParts): Administration & AsyncDisposable {
  const { config, file } = parts;
  const store = new OpenedWhenNeeded(() => openStore(parts));
  const open = async (): Promise<ServerAdministration> => (await store.get()).administration;
  const server: ServerAdministration = {
    ...offlineOperations(open),
    // Who is connected is nobody's to know; which there are to be needs no store.
    listComponents: () =>
      Promise.resolve({
        components: config.components.map(({ domain, subdomains, name }) => ({
          domain,
          state: "stopped" as const,
          subdomains,
          waiting: 0,
          ...(name !== undefined && { name }),
        })),
      }),
    async *deleteAccountsOf(domain, signal) {
      yield* (await open()).deleteAccountsOf(domain, signal);
    },
  };
  const files = withFiles({
    server,
    configFile: file,
    dataDir: parts.dataDir,
    config: () => config,
    features: parts.features,
    running: undefined,
  });
  return {
    ...files,
    addComponent: async (request) => {
      await prepare(parts);
      return files.addComponent(request);
    },
    componentSecret: async (request) => {
      await prepare(parts);
      return files.componentSecret(request);
    },
    removeComponent: async (request) => {
      await prepare(parts);
      return files.removeComponent(request);
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

async function openStore({ dataDir, config, openOffline }: StoppedParts): Promise<OfflineServer> {
  if (config.storage.kind === "memory") {
    throw new AdministrationError(
      "not-running",
      'the server does not run, and with storage.kind = "memory" nothing is kept',
    );
  }
  await prepare({ dataDir });
  return openOffline(config, dataDir);
}

/** Before anything is written there. */
async function prepare({ dataDir }: Pick<StoppedParts, "dataDir">): Promise<void> {
  await makeDataDirectory(dataDir);
  await refuseForeignOwner(dataDir);
}
