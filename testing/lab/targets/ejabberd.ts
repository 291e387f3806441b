import { chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { serverAddress } from "../network.ts";
import { Daemon, runOrThrow } from "../process.ts";
import type { Place, Target } from "../target.ts";

/** Debian's ejabberd: a second opinion on what the lab expects, and the only one here with SCRAM-SHA-512. */
export const ejabberd: Target = {
  name: "ejabberd",
  abilities: {
    mechanisms: ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512", "DIGEST-MD5", "EXTERNAL"].flatMap((name) =>
      name.startsWith("SCRAM") ? [name, `${name}-PLUS`] : [name],
    ),
    anonymous: true,
    openRegistration: true,
    components: false,
    lastActivityOfServer: false,
    unannounced: ["jabber:iq:private"],
  },
  start: async (place) => {
    await mkdir(join(place.dir, "spool"), { recursive: true });
    await mkdir(join(place.dir, "logs"), { recursive: true });
    await copyFile("/etc/ejabberd/inetrc", join(place.dir, "inetrc"));
    const pem =
      (await readFile(place.certificate.key, "utf8")) + (await readFile(place.certificate.certificate, "utf8"));
    await writeFile(join(place.dir, "server.pem"), pem);
    await writeFile(join(place.dir, "ejabberd.yml"), config(place));
    await writeFile(join(place.dir, "ejabberdctl.cfg"), ejabberdControlConfig(place));
    await chmod(place.dir, 0o755);
    await runOrThrow({ command: ["chown", "-R", "ejabberd:", place.dir] });
    return await Daemon.start({
      command: ejabberdControl(place, "foreground"),
      logFile: join(place.dir, "server.log"),
      listens: [5222, 5223].map((port) => ({ host: serverAddress, port })),
    });
  },
  addUser: async (place, { jid, password }) => {
    const [user, host] = jid.split("@");
    await runOrThrow({ command: ejabberdControl(place, "register", user ?? "", host ?? "", password) });
  },
};

// As its own user from the start: from root, ejabberdctl would run the server under su, in a session that no signal to
// us reaches. It changes directory: only absolute paths mean what they say.
export function ejabberdControl(place: Pick<Place, "dir">, ...args: readonly string[]): [string, ...string[]] {
  const places = ["-d", place.dir, "-s", join(place.dir, "spool"), "-l", join(place.dir, "logs")];
  const user = ["--reuid=ejabberd", "--regid=ejabberd", "--init-groups"];
  return ["setpriv", ...user, "env", `HOME=${place.dir}`, "ejabberdctl", ...places, ...args];
}

export function ejabberdControlConfig(place: Pick<Place, "dir">): string {
  return `EJABBERD_PID_PATH=${join(place.dir, "pid")}
ERLANG_NODE=ejabberd@localhost
INET_DIST_INTERFACE=127.0.0.1
ERL_EPMD_ADDRESS=127.0.0.1
`;
}

function config(place: Place): string {
  const weak = place.settings.digestMd5 === true ? "[]" : "[digest-md5]";
  const listener = `ip: "${serverAddress}", module: ejabberd_c2s, access: all, shaper: none, max_stanza_size: 262144`;
  const peerCertificate = place.settings.external === true ? ", tls_verify: true" : "";
  return `hosts: [ours.test, anonymous.ours.test, open.ours.test, mobile.ours.test]
host_config:
  ours.test: {disable_sasl_mechanisms: ${weak}}
  anonymous.ours.test: {auth_method: [anonymous], anonymous_protocol: sasl_anon}
loglevel: debug
certfiles: ["${join(place.dir, "server.pem")}"]
ca_file: "${place.authority}"
listen:
  - {port: 5222, ${listener}, starttls_required: true${peerCertificate}}
  - {port: 5223, ${listener}, tls: true${peerCertificate}}
auth_method: internal
auth_password_format: plain
registration_timeout: infinity
acl: {local: {user_regexp: ""}}
access_rules: {local: {allow: local}, register: {allow: all}}
api_permissions: {"console commands": {from: [ejabberd_ctl], who: all, what: "*"}}
append_host_config:
  open.ours.test: {modules: {mod_register: {ip_access: all, access: register}}}
modules: {mod_adhoc: {}, mod_blocking: {}, mod_caps: {}, mod_carboncopy: {}, mod_client_state: {}, mod_disco: {}, mod_last: {},
  mod_mam: {default: always, assume_mam_usage: false}, mod_offline: {}, mod_ping: {}, mod_privacy: {},
  mod_private: {}, mod_pubsub: {plugins: [flat, pep]}, mod_roster: {versioning: true}, mod_stream_mgmt: {}, mod_time: {}, mod_vcard: {}, mod_version: {}}
`;
}
