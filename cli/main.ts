import { commands } from "#server/control/commands.ts";
import { serverVersion } from "#server/version.ts";
import { localCommands } from "./local-commands.ts";
import { runProgram } from "./program.ts";
import type { Terminal } from "./terminal.ts";
import { setV8Flags } from "./v8-flags.ts";

// What a command needs is loaded when it is run: each would otherwise start as slowly as the server.

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
    start: async ({ place }) => {
      const { start } = await import("./start.ts");
      const { processSignals } = await import("./signals.ts");
      return start({ ...place, terminal, program: name, signals: processSignals() });
    },
    compile: async () => {
      const { compile } = await import("./compile.ts");
      await compile();
    },
  }),
  connect: async (place) => {
    process.once("SIGINT", () => interrupted.abort());
    const { connectAdministration } = await import("./connect.ts");
    return connectAdministration({
      dataDir: place.dataDir,
      openStopped: async () => {
        const { openStopped } = await import("./open-stopped.ts");
        return openStopped(place);
      },
    });
  },
});
