import type { Administration, ServerAdministration } from "#kit/administration.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import type { Config } from "#server/config/config.ts";
import type { ConfigurableFeature } from "#server/config/sections/features.ts";
import { notRunning } from "#server/control/not-running.ts";
import { withFiles } from "#server/control/with-files.ts";
import { makeDataDirectory, refuseForeignOwner } from "./data-directory.ts";

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
  let opened: Promise<OfflineServer> | undefined;
  const open = async (): Promise<ServerAdministration> => {
    opened ??= openStore(parts);
    return (await opened).administration;
  };
  const server: ServerAdministration = {
    status: notRunning,
    listSessions: notRunning,
    endSessions: notRunning,
    listCertificates: notRunning,
    renewCertificates: notRunning,
    listServers: notRunning,
    connectServer: notRunning,
    closeServer: notRunning,
    addAccount: async (request) => (await open()).addAccount(request),
    setPassword: async (request) => (await open()).setPassword(request),
    deleteAccount: async (request) => (await open()).deleteAccount(request),
    listAccounts: async (request) => (await open()).listAccounts(request),
    createInvite: async (request) => (await open()).createInvite(request),
    listInvites: async (request) => (await open()).listInvites(request),
    revokeInvite: async (request) => (await open()).revokeInvite(request),
    listHosts: async (request) => (await open()).listHosts(request),
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
    archiveInfo: async (request) => (await open()).archiveInfo(request),
    setArchiveQuota: async (request) => (await open()).setArchiveQuota(request),
    async *exportArchive(request, signal) {
      yield* (await open()).exportArchive(request, signal);
    },
    async *purgeArchive(request, signal) {
      yield* (await open()).purgeArchive(request, signal);
    },
    async *deleteAccountsOf(domain, signal) {
      yield* (await open()).deleteAccountsOf(domain, signal);
    },
    async *backup(request, signal) {
      yield* (await open()).backup(request, signal);
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
    [Symbol.asyncDispose]: async () => {
      // Whoever waited for it has been told why it could not be opened.
      const stopped = await opened?.catch(() => undefined);
      await stopped?.[Symbol.asyncDispose]();
    },
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
