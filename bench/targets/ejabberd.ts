import { chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Daemon, runOrThrow } from "#testing/lab/process.ts";
import { type BenchPlace, type BenchTarget, domainOf, loopback, onServerCore, portsOf } from "../target.ts";
import { debianVersion } from "./debian-version.ts";
import { makeWalDatabase, walArchive } from "./wal-database.ts";

// On one core the Erlang machine starts one scheduler by itself.
export const ejabberd: BenchTarget = {
  name: "ejabberd",
  version: async () => await debianVersion("ejabberd", "ejabberd"),
  sessions: { mechanism: "ANONYMOUS", domain: "anonymous.localhost" },
  mechanisms: ["PLAIN", "SCRAM-SHA-1"],
  resumption: true,
  archive: `mod_mam with db_type sql, ${walArchive}; Mnesia would not flush each message to disc`,
  start: async (place) => {
    if (process.getuid?.() !== 0) throw new Error("Debian's ejabberd starts only from root");
    for (const name of ["spool", "logs"]) await mkdir(join(place.dir, name));
    await copyFile("/etc/ejabberd/inetrc", join(place.dir, "inetrc"));
    if (place.archive) makeWalDatabase(archiveFile(place));
    const { key, certificate } = place.certificate;
    await writeFile(
      join(place.dir, "server.pem"),
      (await readFile(key, "utf8")) + (await readFile(certificate, "utf8")),
    );
    await writeFile(join(place.dir, "ejabberd.yml"), config(place));
    await writeFile(join(place.dir, "ejabberdctl.cfg"), controlConfig(place));
    await chmod(place.dir, 0o755);
    await runOrThrow({ command: ["chown", "-R", "ejabberd:", place.dir], msMax: 5_000 });
    return await Daemon.start({
      command: onServerCore(control(place)),
      logFile: join(place.dir, "server.log"),
      listens: portsOf(place),
    });
  },
};

// As its own user from the start: from root, ejabberdctl would run the server in a session that signals do not reach.
function control(place: BenchPlace): string[] {
  const user = ["setpriv", "--reuid=ejabberd", "--regid=ejabberd", "--init-groups", "env", `HOME=${place.dir}`];
  const places = ["-d", place.dir, "-s", join(place.dir, "spool"), "-l", join(place.dir, "logs")];
  return [...user, "ejabberdctl", ...places, "foreground"];
}

// No port mapper: it would outlive us. Nobody needs to find this node.
function controlConfig(place: BenchPlace): string {
  return `EJABBERD_PID_PATH=${join(place.dir, "pid")}
ERLANG_NODE=bench@localhost
INET_DIST_INTERFACE=127.0.0.1
ERL_OPTIONS="-start_epmd false -erl_epmd_port ${place.port + 1000}"
`;
}

function config(place: BenchPlace): string {
  const listener = `ip: ${loopback}, module: ejabberd_c2s, access: all, shaper: none, backlog: 4096, max_fsm_queue: 100000`;
  return `hosts: [${domainOf(place)}, ${ejabberd.sessions.domain}]
host_config:
  ${ejabberd.sessions.domain}:
    auth_method: [anonymous]
    anonymous_protocol: sasl_anon
loglevel: warning
certfiles: [${join(place.dir, "server.pem")}]
listen:
  - {port: ${place.port}, ${listener}}
  - {port: ${place.tlsPort}, ${listener}, tls: true}
${federation(place)}auth_method: internal
auth_password_format: scram
registration_timeout: infinity
acl: {local: {user_regexp: ""}}
access_rules: {local: {allow: local}, register: {allow: all}}
${place.archive ? `sql_type: sqlite\nsql_database: ${archiveFile(place)}\n` : ""}modules:
  mod_disco: {}
  mod_ping: {}
  mod_roster: {}
  mod_register: {ip_access: all, access: register}
  mod_stream_mgmt: {}
${place.archive ? "  mod_mam: {db_type: sql, default: always}\n" : ""}`;
}

function archiveFile(place: BenchPlace): string {
  return join(place.dir, "spool", "archive.sqlite");
}

function federation({ federation: place }: BenchPlace): string {
  if (place === undefined) return "";
  return `  - {port: 5269, ip: ${place.address}, module: ejabberd_s2s_in, shaper: none, max_fsm_queue: 100000}
s2s_use_starttls: required
s2s_cafile: ${place.authority}
outgoing_s2s_port: 5269
`;
}
