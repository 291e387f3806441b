import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { passwordOf } from "../lab.ts";
import { remoteAddresses } from "../network.ts";
import { Daemon, runOrThrow } from "../process.ts";
import { remoteUsers, type RemotePlace, type RemoteSoftware } from "./remote-server.ts";

const address = remoteAddresses.prosody;

/** Debian's Prosody: EXTERNAL, dialback, direct TLS, both ways on one stream. What it gets it acknowledges; it resumes no streams between servers. */
export const prosody: RemoteSoftware = {
  name: "prosody",
  domains: ["prosody.test", "direct.prosody.test", "relay.prosody.test"],
  address,
  management: "acknowledges",
  external: { shows: true, accepts: true, acceptsServerOnly: true },
  asksWhereItVerified: false,
  goesWithoutTls: true,
  start: async (place) => {
    await writeFile(configFile(place), config(place));
    return await Daemon.start({
      command: ["prosody", "--config", configFile(place), "-F"],
      logFile: join(place.dir, "server.log"),
      listens: [5222, 5269, 5270].map((port) => ({ host: address, port })),
    });
  },
  streamLog: "server.log",
  streamsIn: (log, domain) => {
    const lines = log.split("\n");
    return lines.flatMap((line) => {
      const done = /^(s2s(?:in|out)\S+)\s+info\s+(Incoming|Outgoing) s2s connection (\S+)->(\S+) complete/u.exec(line);
      const [, id = "", which, from, to] = done ?? [];
      if (done === null || (which === "Incoming" ? from : to) !== domain) return [];
      const said = lines.filter((other) => other.startsWith(`${id} `));
      return [
        {
          direction: which === "Incoming" ? ("incoming" as const) : ("outgoing" as const),
          by: said.some((other) => other.includes("mechanism='EXTERNAL'"))
            ? ("EXTERNAL" as const)
            : ("dialback" as const),
          tls: said.some((other) => other.includes("Stream encrypted")),
        },
      ];
    });
  },
  furnish: async (place, when) => {
    if (when === "before") return;
    for (const domain of prosody.domains)
      for (const user of remoteUsers)
        await runOrThrow({
          command: ["prosodyctl", "--config", configFile(place), "register", user, domain, passwordOf(user)],
        });
  },
};

function configFile(place: RemotePlace): string {
  return join(place.dir, "prosody.cfg.lua");
}

function config({ dir, certificate, authority, settings }: RemotePlace): string {
  const quoted = JSON.stringify;
  const pair = `key = ${quoted(certificate.key)}; certificate = ${quoted(certificate.certificate)}`;
  const tls = `{ ${pair}; cafile = ${quoted(authority)} }`;
  const management = settings.streamManagement ? `, "smacks"` : "";
  // libunbound refuses resolvers on loopback, and knows by itself that there is nothing below .test.
  return `run_as_root = true
pidfile = ${quoted(join(dir, "prosody.pid"))}
data_path = ${quoted(dir)}
admin_socket = ${quoted(join(dir, "prosody.sock"))}
log = { { levels = { min = "${settings.verbose ? "debug" : "info"}" }, to = "console" } }
unbound = { resolvconf = true; options = { ["do-not-query-localhost:"] = "no"; ["local-zone:"] = "test. transparent" } }
interfaces = { ${quoted(address)} }
local_interfaces = { ${quoted(address)} }
s2s_direct_tls_ports = { 5270 }
modules_enabled = { "roster", "saslauth", "tls", "dialback", "disco", "vcard", "version", "time", "ping", "lastactivity",
  "offline", "posix"${management}${settings.bidirectional ? `, "s2s_bidi"` : ""} }
authentication = "internal_plain"
storage = "internal"
limits = {}
c2s_require_encryption = true
s2s_require_encryption = ${settings.security !== "plain"}
s2s_secure_auth = ${settings.security === "certificate"}
${settings.security === "plain" ? `s2s_allow_encryption = false\n` : ""}certificates = ${quoted(join(dir, "certs"))}
ssl = ${tls}
${prosody.domains.map((domain) => `VirtualHost ${quoted(domain)}\n  ssl = ${tls}\n`).join("")}`;
}
