import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Daemon, runToEnd } from "#testing/lab/process.ts";
import { type BenchPlace, type BenchTarget, domain, onServerCore, portsOf } from "../target.ts";

const launcher = new URL("../../balcony", import.meta.url).pathname;

export const balcony: BenchTarget = {
  name: "balcony",
  version: async () => {
    if (!existsSync(launcher)) return undefined;
    const { output } = await runToEnd({ command: ["git", "describe", "--always", "--dirty"], msMax: 5_000 });
    return `Balcony ${output.trim()} on Node ${process.version}`;
  },
  sessions: { mechanism: "PLAIN", domain },
  mechanisms: ["PLAIN", "SCRAM-SHA-1"],
  start: async (place) => {
    const configFile = join(place.dir, "balcony.toml");
    await writeFile(configFile, config(place));
    return await Daemon.start({
      command: onServerCore([launcher, "start", "--config", configFile, "--data", join(place.dir, "data")]),
      logFile: join(place.dir, "server.log"),
      ports: portsOf(place),
    });
  },
};

// To be brought in line with the schema of balcony.toml once there is one.
function config(place: BenchPlace): string {
  return `# ${place.port} ${place.tlsPort} ${place.certificate.certificate}
`;
}
