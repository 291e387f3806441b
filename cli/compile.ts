import { mkdtemp, rm } from "node:fs/promises";
import { flushCompileCache } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "#server/config/load-config.ts";
import { openLog } from "#server/log.ts";
import { Metrics } from "#server/metrics.ts";
import { serverModules } from "#server/modules.generated.ts";
import { openOffline } from "#server/open-offline.ts";
import { observerOf } from "./observe.ts";

/**
 * Has everything compiled that a server runs by default, into the cache that the launcher has named. What strips types and
 * compiles takes 40 MB, which no process gives back: so that is done in one which ends.
 *
 * What is only loaded is not compiled, hence a server is really started, on a store that is thrown away.
 */
export async function compile(): Promise<void> {
  await import("./start.ts");
  const dataDir = await mkdtemp(join(tmpdir(), "balcony-compile-"));
  try {
    const config = parseConfig({ file: undefined, text: "" }, serverModules);
    const { log } = openLog({ level: "error", format: "auto", rememberedLinesMax: 0 }, process.stderr);
    const server = await openOffline({ config, dataDir, log, observer: observerOf(new Metrics()) });
    await server[Symbol.asyncDispose]();
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
  flushCompileCache();
}
