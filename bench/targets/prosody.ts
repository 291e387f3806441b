import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Daemon } from "#testing/lab/process.ts";
import { type BenchPlace, type BenchTarget, domainOf, loopback, onServerCore, portsOf } from "../target.ts";
import { debianVersion } from "./debian-version.ts";
import { makeWalDatabase, walArchive } from "./wal-database.ts";

export const prosody: BenchTarget = {
  name: "prosody",
  version: async () => await debianVersion("prosody", "Prosody"),
  sessions: { mechanism: "ANONYMOUS", domain: "anonymous.localhost" },
  mechanisms: ["PLAIN", "SCRAM-SHA-1"],
  resumption: true,
  archive: `mod_mam and mod_storage_sql, ${walArchive}; its own files would not be flushed to disc at all`,
  start: async (place) => {
    const configFile = join(place.dir, "prosody.cfg.lua");
    await mkdir(join(place.dir, "data"));
    if (place.archive) makeWalDatabase(archiveFile(place));
    await writeFile(configFile, config(place));
    return await Daemon.start({
      command: onServerCore(["prosody", "--config", configFile, "-F"]),
      logFile: join(place.dir, "server.log"),
      listens: portsOf(place),
    });
  },
};

function config(place: BenchPlace): string {
  const quoted = JSON.stringify;
  return `run_as_root = true
pidfile = ${quoted(join(place.dir, "prosody.pid"))}
data_path = ${quoted(join(place.dir, "data"))}
log = { warn = "*console" }
interfaces = { ${quoted(loopback)} }
c2s_ports = { ${place.port} }
c2s_direct_tls_ports = { ${place.tlsPort} }
modules_enabled = { "roster", "saslauth", "tls", "disco", "register", "ping", "smacks", "dialback"${place.archive ? ', "mam"' : ""} }
${federation(place)}network_settings = { tcp_backlog = 4096 }
limits = {}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
ssl = { key = ${quoted(place.certificate.key)}; certificate = ${quoted(place.certificate.certificate)} }
VirtualHost ${quoted(domainOf(place))}
  authentication = "internal_hashed"
${place.archive ? archiveConfig(place) : '  storage = "internal"'}
  allow_registration = true
VirtualHost ${quoted(prosody.sessions.domain)}
  authentication = "anonymous"
  storage = "memory"
`;
}

function archiveFile(place: BenchPlace): string {
  return join(place.dir, "data", "archive.sqlite");
}

function archiveConfig(place: BenchPlace): string {
  return `  storage = { archive = "sql" }
  sql = { driver = "SQLite3", database = ${JSON.stringify(archiveFile(place))} }
  default_archive_policy = true`;
}

// libunbound refuses resolvers on loopback, and knows by itself that there is nothing below .test.
function federation({ federation: place }: BenchPlace): string {
  if (place === undefined) return `modules_disabled = { "s2s" }\n`;
  return `s2s_interfaces = { ${JSON.stringify(place.address)} }
s2s_require_encryption = true
s2s_secure_auth = true
unbound = { resolvconf = true; options = { ["do-not-query-localhost:"] = "no"; ["local-zone:"] = "test. transparent" } }
`;
}
