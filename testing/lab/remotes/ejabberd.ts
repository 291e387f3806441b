import { chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { passwordOf } from "../lab.ts";
import { remoteAddresses } from "../network.ts";
import { Daemon, runOrThrow } from "../process.ts";
import { ejabberdControl, ejabberdControlConfig } from "../targets/ejabberd.ts";
import { remoteUsers, type RemotePlace, type RemoteSoftware } from "./remote-server.ts";

const address = remoteAddresses.ejabberd;

/** Debian's ejabberd: EXTERNAL, dialback, direct TLS. It has no stream management between servers. */
export const ejabberd: RemoteSoftware = {
  name: "ejabberd",
  domains: ["ejabberd.test", "direct.ejabberd.test"],
  address,
  management: "none",
  external: { shows: true, accepts: true, acceptsServerOnly: false },
  asksWhereItVerified: false,
  goesWithoutTls: true,
  start: async (place) => {
    await mkdir(join(place.dir, "spool"), { recursive: true });
    await mkdir(join(place.dir, "logs"), { recursive: true });
    await copyFile("/etc/ejabberd/inetrc", join(place.dir, "inetrc"));
    const { key, certificate } = place.certificate;
    await writeFile(
      join(place.dir, "server.pem"),
      (await readFile(key, "utf8")) + (await readFile(certificate, "utf8")),
    );
    await writeFile(join(place.dir, "ejabberd.yml"), config(place));
    await writeFile(join(place.dir, "ejabberdctl.cfg"), ejabberdControlConfig(place));
    await chmod(place.dir, 0o755);
    await runOrThrow({ command: ["chown", "-R", "ejabberd:", place.dir] });
    return await Daemon.start({
      command: ejabberdControl(place, "foreground"),
      logFile: join(place.dir, "server.log"),
      listens: [5222, 5269, 5270].map((port) => ({ host: address, port })),
    });
  },
  streamLog: "server.log",
  streamsIn: (log, domain) =>
    [...log.matchAll(/\((\w+)\|[^)]*\) Accepted (in|out)bound s2s (EXTERNAL|dialback) authentication (\S+) -> (\S+)/gu)]
      .filter(([, , which, , from, to]) => (which === "in" ? from : to) === domain)
      .map(([, transport, which, by]) => ({
        direction: which === "in" ? ("incoming" as const) : ("outgoing" as const),
        by: by === "EXTERNAL" ? ("EXTERNAL" as const) : ("dialback" as const),
        tls: transport === "tls",
      })),
  furnish: async (place, when) => {
    if (when === "before") return;
    for (const user of remoteUsers)
      await runOrThrow({
        command: ejabberdControl(place, "register", user, ejabberd.domains[0], passwordOf(user)),
      });
  },
};

function config({ dir, authority, settings }: RemotePlace): string {
  const encryption = { certificate: "required", dialback: "required", plain: "false" }[settings.security];
  const dialback = settings.security === "certificate" ? "" : ", mod_s2s_dialback: {}";
  const listener = `ip: "${address}", shaper: none, max_stanza_size: 524288`;
  return `hosts: [${ejabberd.domains.join(", ")}]
loglevel: ${settings.verbose ? "debug" : "info"}
certfiles: ["${join(dir, "server.pem")}"]
ca_file: "${authority}"
s2s_cafile: "${authority}"
s2s_use_starttls: ${encryption}
listen:
  - {port: 5222, ${listener}, module: ejabberd_c2s, access: all, starttls_required: true}
  - {port: 5269, ${listener}, module: ejabberd_s2s_in}
  - {port: 5270, ${listener}, module: ejabberd_s2s_in, tls: true}
auth_method: internal
auth_password_format: plain
acl: {local: {user_regexp: ""}}
access_rules: {local: {allow: local}}
api_permissions: {"console commands": {from: [ejabberd_ctl], who: all, what: "*"}}
modules: {mod_adhoc: {}, mod_blocking: {}, mod_caps: {}, mod_disco: {}, mod_last: {}, mod_offline: {}, mod_ping: {}, mod_privacy: {},
  mod_private: {}, mod_roster: {}, mod_stream_mgmt: {}, mod_time: {}, mod_vcard: {}, mod_version: {}${dialback}}
`;
}
