import { commands } from "#server/control/commands.ts";
import { loadConfig } from "#server/config/load-config.ts";
import { openLog } from "#server/log.ts";
import { Metrics } from "#server/metrics.ts";
import { serverModules } from "#server/modules.generated.ts";
import { serverVersion } from "#server/version.ts";
import { connectAdministration } from "./connect.ts";
import { localCommands } from "./local-commands.ts";
import { observerOf } from "./observe.ts";
import { runProgram } from "./program.ts";
import { processSignals } from "./signals.ts";
import type { Terminal } from "./terminal.ts";
import { setV8Flags } from "./v8-flags.ts";

setV8Flags();

const interrupted = new AbortController();

const terminal: Terminal = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: interrupted.signal,
};
/** The launcher says how it was called. */
const name = process.env["BALCONY_PROGRAM"] ?? "balcony";

// `balcony log tail | head` closes the pipe: that is an end, not a failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  interrupted.abort();
});

process.exitCode = await runProgram(process.argv.slice(2), {
  name,
  version: serverVersion,
  terminal,
  directory: process.cwd(),
  commands,
  local: localCommands({
    terminal,
    program: name,
    // The server itself is loaded by the commands that need it: the others start faster.
    start: async ({ place }) => {
      const { start } = await import("./start.ts");
      return start({ ...place, terminal, program: name, signals: processSignals() });
    },
    compile: async () => {
      const { compile } = await import("./compile.ts");
      await compile();
    },
  }),
  connect: ({ configFile, dataDir }) => {
    process.once("SIGINT", () => interrupted.abort());
    return connectAdministration({
      dataDir,
      loadConfig: () => loadConfig(configFile, serverModules),
      features: serverModules,
      openOffline: async (config) => {
        const { openOffline } = await import("#server/open-offline.ts");
        const { log } = openLog({ level: "warn", format: "auto", rememberedLinesMax: 0 }, process.stderr);
        return openOffline({ config, dataDir, log, observer: observerOf(new Metrics()) });
      },
    });
  },
});
