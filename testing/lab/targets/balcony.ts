import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { labHosts, serverAddress } from "../network.ts";
import { Daemon, runOrThrow } from "../process.ts";
import type { Federation, Place, Target } from "../target.ts";

const launcher = new URL("../../../balcony", import.meta.url).pathname;

/** The server that all this is for. */
export const balcony: Target = {
  name: "balcony",
  abilities: {
    mechanisms: ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512", "DIGEST-MD5", "EXTERNAL"].flatMap((name) =>
      name.startsWith("SCRAM") ? [name, `${name}-PLUS`] : [name],
    ),
    anonymous: true,
    openRegistration: true,
    components: true,
    lastActivityOfServer: true,
    unannounced: [],
  },
  start: async (place) => {
    await writeFile(configFile(place), config(place));
    return await Daemon.start({
      command: [launcher, "start", "--config", configFile(place), "--data", dataDir(place)],
      logFile: join(place.dir, "server.log"),
      ports: [5222, 5223, ...(place.settings.federation === undefined ? [] : [5269, 5270])].map((port) => ({
        host: serverAddress,
        port,
      })),
    });
  },
  addUser: async (place, { jid, password }) => {
    const command = [launcher, "user", "add", jid, "--data", dataDir(place)] as const;
    await runOrThrow({ command: [...command], input: `${password}\n`, msMax: 90_000 });
  },
};

function configFile(place: Place): string {
  return join(place.dir, "balcony.toml");
}

function dataDir(place: Place): string {
  return join(place.dir, "data");
}

function config(place: Place): string {
  const quoted = JSON.stringify;
  const hosts = labHosts.map(
    ({ domain }) => `[[hosts]]
domain = ${quoted(domain)}
certificate = ${quoted(place.certificate.certificate)}
key = ${quoted(place.certificate.key)}
registration = "${domain === "open.ours.test" ? "open" : "closed"}"
`,
  );
  return `${hosts.join("\n")}
[[listeners]]
kind = "client"
addresses = [${quoted(serverAddress)}]
port = 5222

[[listeners]]
kind = "client-direct-tls"
addresses = [${quoted(serverAddress)}]
port = 5223
${components(place)}${federation(place.settings.federation)}
[tls]
accept_unsuitable_certificates = true
${place.settings.external === true ? `client_authorities = ${quoted(place.authority)}\n` : ""}
[auth]
digest_md5 = ${place.settings.digestMd5 === true}
anonymous = ${place.settings.anonymous === true}

[log]
level = "debug"
format = "json"
`;
}

function components({ settings }: Place): string {
  const tables = (settings.components ?? []).map(
    ({ domain, secret }) => `[[components]]\ndomain = "${domain}"\nsecret = "${secret}"\n`,
  );
  return tables.join("\n");
}

/** The lab's other servers are all on loopback, which otherwise nobody is followed to. */
function federation(wanted: Federation | undefined): string {
  if (wanted === undefined) return "\n[s2s]\nenabled = false\n";
  const listeners = [
    ["server", 5269],
    ["server-direct-tls", 5270],
  ].map(([kind, port]) => `[[listeners]]\nkind = "${kind}"\naddresses = ["${serverAddress}"]\nport = ${port}\n`);
  return `
${listeners.join("\n")}
[s2s]
security = "${wanted.security}"
bidirectional = ${wanted.bidirectional === true}
allowed_networks = ["127.0.10.0/24"]
connect_seconds_max = 5
posh = ${wanted.posh === true}
${
  wanted.validatingResolver === undefined
    ? ""
    : `resolvers = ["${wanted.validatingResolver}"]
resolvers_validate = true
`
}
[s2s.limits]
negotiation_seconds_max = 8
delivery_seconds_max = 20
stanzas_per_second = 1000000
queue_stanzas_max = 20000
queue_bytes_max = 16777216

# Nobody types 10,000 messages; the scenarios send them.
[limits.rate]
session_stanzas_per_second = 1000000
session_stanzas_burst = 1000000
address_stanzas_per_second = 1000000
address_stanzas_burst = 1000000

[limits.account]
mailbox_stanzas_max = 100000
`;
}
