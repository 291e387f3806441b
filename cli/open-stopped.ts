import { loadConfig } from "#server/config/load-config.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import { connectControl } from "#server/control/control-client.ts";
import { openLog } from "#server/log.ts";
import { Metrics } from "#server/metrics.ts";
import { serverModules } from "#server/modules.generated.ts";
import { openWhenFree } from "#server/open-when-free.ts";
import { observerOf } from "./observe.ts";
import type { Place } from "./place.ts";
import { stoppedServer, type OfflineServer } from "./stopped-server.ts";

/** The server that was just starting when it was looked for, and has the store. */
async function startedMeanwhile(dataDir: string): Promise<OfflineServer | undefined> {
  const administration = await connectControl(dataDir);
  if (administration === undefined) return undefined;
  const deleteAccountsOf = (): never => {
    throw new AdministrationError("unavailable", "the server has just started; say that again");
  };
  return {
    administration: { ...administration, deleteAccountsOf },
    [Symbol.asyncDispose]: () => administration[Symbol.asyncDispose](),
  };
}

/**
 * The administration of the server that does not run in this place.
 *
 * @throws ConfigError
 */
export async function openStopped({ configFile, dataDir }: Place): Promise<ReturnType<typeof stoppedServer>> {
  return stoppedServer({
    ...(await loadConfig(configFile, serverModules)),
    dataDir,
    features: serverModules,
    openOffline: async (config) => {
      const { openOffline } = await import("#server/open-offline.ts");
      const { log } = openLog({ level: "warn", format: "auto", rememberedLinesMax: 0 }, process.stderr);
      const open = async (): Promise<OfflineServer> =>
        (await startedMeanwhile(dataDir)) ?? openOffline({ config, dataDir, log, observer: observerOf(new Metrics()) });
      return openWhenFree(
        open,
        () => void process.stderr.write("Another server or a command works on the store; waiting for it.\n"),
      );
    },
  });
}
