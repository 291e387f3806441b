import { loadConfig } from "#server/config/load-config.ts";
import { openLog } from "#server/log.ts";
import { Metrics } from "#server/metrics.ts";
import { serverModules } from "#server/modules.generated.ts";
import { observerOf } from "./observe.ts";
import type { Place } from "./place.ts";
import { stoppedServer } from "./stopped-server.ts";

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
      return openOffline({ config, dataDir, log, observer: observerOf(new Metrics()) });
    },
  });
}
