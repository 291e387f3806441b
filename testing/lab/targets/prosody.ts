import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { componentAddress, serverAddress } from "../network.ts";
import { Daemon, runOrThrow } from "../process.ts";
import type { Federation, Place, Target } from "../target.ts";

/** Debian's Prosody: what the lab itself is validated with. */
export const prosody: Target = {
  name: "prosody",
  abilities: {
    mechanisms: ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"],
    anonymous: true,
    openRegistration: true,
    components: true,
    lastActivityOfServer: true,
    unannounced: [],
  },
  start: async (place) => {
    await writeFile(configFile(place), config(place));
    return await Daemon.start({
      command: ["prosody", "--config", configFile(place), "-F"],
      logFile: join(place.dir, "server.log"),
      listens: [5222, 5223, ...(place.settings.federation === undefined ? [] : [5269, 5270])].map((port) => ({
        host: serverAddress,
        port,
      })),
    });
  },
  addUser: async (place, { jid, password }) => {
    const [user, host] = jid.split("@");
    const command = [
      "prosodyctl",
      "--config",
      configFile(place),
      "register",
      user ?? "",
      host ?? "",
      password,
    ] as const;
    await runOrThrow({ command: [...command] });
  },
};

function configFile(place: Place): string {
  return join(place.dir, "prosody.cfg.lua");
}

// internal_plain, because with hashed passwords Prosody offers one SCRAM hash only.
function config(place: Place): string {
  const quoted = JSON.stringify;
  const components = (place.settings.components ?? []).map(
    ({ domain, secret }) => `Component ${quoted(domain)}\n  component_secret = ${quoted(secret)}\n`,
  );
  return `run_as_root = true
pidfile = ${quoted(join(place.dir, "prosody.pid"))}
data_path = ${quoted(place.dir)}
log = { { levels = { min = "debug" }, to = "console" } }
interfaces = { ${quoted(serverAddress)} }
component_interfaces = { ${quoted(componentAddress)} }
component_ports = { 5347 }
local_interfaces = { ${quoted(serverAddress)} }
c2s_direct_tls_ports = { 5223 }
modules_enabled = { "roster", "saslauth", "tls", "disco", "private", "blocklist", "vcard", "version", "uptime", "time",
  "ping", "lastactivity", "offline", "smacks", "posix", "mam", "carbons", "csi", "csi_simple", "dialback" }
${federation(place.settings.federation)}authentication = "internal_plain"
storage = "internal"
c2s_require_encryption = true
ssl = { key = ${quoted(place.certificate.key)}; certificate = ${quoted(place.certificate.certificate)}; cafile = ${quoted(place.authority)} }
VirtualHost "ours.test"
VirtualHost "direct.ours.test"
VirtualHost "mobile.ours.test"
VirtualHost "anonymous.ours.test"
  authentication = "anonymous"
VirtualHost "open.ours.test"
  modules_enabled = { "register" }
  allow_registration = true
${components.join("")}`;
}

function federation(wanted: Federation | undefined): string {
  if (wanted === undefined) return `modules_disabled = { "s2s" }\n`;
  return `s2s_direct_tls_ports = { 5270 }
s2s_require_encryption = ${wanted.security !== "plain"}
s2s_secure_auth = ${wanted.security === "certificate"}
unbound = { resolvconf = true; options = { ["do-not-query-localhost:"] = "no"; ["local-zone:"] = "test. transparent" } }
`;
}
