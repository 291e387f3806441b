import { join } from "node:path";
import { Daemon } from "#testing/lab/process.ts";
import { type BenchTarget, domain, loopback, onServerCore } from "../target.ts";

const program = new URL("../floor.ts", import.meta.url).pathname;

/** Two processes, plain and TLS: only the one that a scenario talks to is ever measured. */
export const floor: BenchTarget = {
  name: "floor",
  version: async () => `floor.ts on Node ${process.version}`,
  sessions: { mechanism: "PLAIN", domain },
  mechanisms: ["PLAIN"],
  resumption: false,
  archive: undefined,
  start: async (place) => {
    const { key, certificate } = place.certificate;
    const script = '"$0" "$1" "$2" & exec "$0" "$1" "$3" tls "$4" "$5"';
    const programs = [process.execPath, program, String(place.port), String(place.tlsPort), key, certificate];
    return await Daemon.start({
      command: onServerCore(["sh", "-c", script, ...programs]),
      logFile: join(place.dir, "server.log"),
      listens: [place.port, place.tlsPort].map((port) => ({ host: loopback, port })),
    });
  },
};
