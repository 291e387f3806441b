import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Daemon, runToEnd } from "#testing/lab/process.ts";
import { type BenchPlace, type BenchTarget, domain, domainOf, loopback, onServerCore, portsOf } from "../target.ts";

const root = new URL("../../", import.meta.url).pathname;
const launcher = `${root}balcony`;

export const balcony: BenchTarget = {
  name: "balcony",
  version: async () => {
    if (!existsSync(launcher)) return undefined;
    const { code, output } = await runToEnd({
      command: ["git", "-C", root, "describe", "--always", "--dirty"],
      msMax: 5_000,
    });
    return `Balcony ${code === 0 ? output.trim() : "outside git"} on Node ${process.version}`;
  },
  sessions: { mechanism: "PLAIN", domain },
  mechanisms: ["PLAIN", "SCRAM-SHA-1", "FAST"],
  resumption: true,
  archive:
    "as it is by default, SQLite in WAL mode, synchronous=FULL, commits of many senders grouped into one transaction",
  hasLoopDelay: true,
  isInspectable: true,
  start: async (place) => {
    const configFile = join(place.dir, "balcony.toml");
    await writeFile(configFile, config(place));
    return await Daemon.start({
      command: onServerCore([launcher, "start", "--config", configFile, "--data", join(place.dir, "data")]),
      ...(place.inspectorPort === undefined
        ? {}
        : { environment: { NODE_OPTIONS: `--inspect=${loopback}:${place.inspectorPort}` } }),
      logFile: join(place.dir, "server.log"),
      listens: portsOf(place),
    });
  },
};

// The limits that a load would hit are as high as they go, not off: what they cost is measured too.
function config(place: BenchPlace): string {
  const quoted = JSON.stringify;
  return `[[hosts]]
domain = ${quoted(domainOf(place))}
certificate = ${quoted(place.certificate.certificate)}
key = ${quoted(place.certificate.key)}
registration = "open"

[[listeners]]
kind = "client"
addresses = [${quoted(loopback)}]
port = ${place.port}
tls = "none"
plain_without_tls = true

[[listeners]]
kind = "client-direct-tls"
addresses = [${quoted(loopback)}]
port = ${place.tlsPort}

[auth]
scram_iterations = 4096
scram_without_tls = true

[limits.rate]
session_bytes_per_second = 1073741824
session_bytes_burst = 1073741824
session_stanzas_per_second = 1000000
session_stanzas_burst = 1000000
address_bytes_per_second = 1073741824
address_bytes_burst = 1073741824
address_stanzas_per_second = 1000000
address_stanzas_burst = 1000000

[limits.connections]
per_address_max = 1000000
attempts_per_address_max = 1000000
unauthenticated_max = 1000000

[limits.login]
key_derivations_waiting_max = 100000
registrations_per_address_max = 100000

[log]
level = "warn"

[http]
address = ${quoted(loopback)}
port = ${place.metricsPort}

[features.archive]
enabled = ${place.archive}
${federation(place)}`;
}

function federation({ federation: place }: BenchPlace): string {
  if (place === undefined) return "";
  const listeners = [
    ["server", 5269],
    ["server-direct-tls", 5270],
  ].map(([kind, port]) => `[[listeners]]\nkind = "${kind}"\naddresses = ["${place.address}"]\nport = ${port}\n`);
  return `
${listeners.join("\n")}
[s2s]
allowed_networks = ["127.0.10.0/24"]
authority_files = [${JSON.stringify(place.authority)}]

[s2s.limits]
bytes_per_second = 1073741824
stanzas_per_second = 1000000
queue_stanzas_max = 100000
queue_bytes_max = 104857600
`;
}
