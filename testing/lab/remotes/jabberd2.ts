import { cp, copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { passwordOf } from "../lab.ts";
import { remoteAddresses } from "../network.ts";
import { Daemon } from "../process.ts";
import { remoteUsers, type RemotePlace, type RemoteSoftware } from "./remote-server.ts";

const address = remoteAddresses.jabberd2;
const domain = "jabberd2.test";
const installed = "/etc/jabberd2";
const schema = "/usr/share/doc/jabberd2/db-setup.sqlite.gz";
const parts = ["router", "sm", "s2s", "c2s"] as const;

/** Debian's jabberd2, of a generation before XMPP's certificates between servers: dialback, with STARTTLS or without. */
export const jabberd2: RemoteSoftware = {
  name: "jabberd2",
  domains: [domain],
  address,
  management: "none",
  external: { shows: false, accepts: false, acceptsServerOnly: false },
  asksWhereItVerified: false,
  goesWithoutTls: true,
  start: async (place) => {
    for (const part of parts) await writeFile(configFile(place, part), await config(place, part));
    // The parts find one another through the router, which must be there first; a shell keeps them in one group.
    // Behind a kill, sm and c2s both roll the database back: who finds it locked ends, and is started again.
    const others = parts
      .slice(1)
      .map((part) => `{ until jabberd2-${part} -c ${configFile(place, part)}; do sleep 0.2; done; } &`);
    const script = `jabberd2-router -c ${configFile(place, "router")} & sleep 0.5; ${others.join(" ")} wait`;
    return await Daemon.start({
      command: ["bash", "-c", script],
      directory: place.dir,
      logFile: join(place.dir, "server.log"),
      listens: [5222, 5269].map((port) => ({ host: address, port })),
    });
  },
  streamLog: "s2s.log",
  streamsIn: (log, other) =>
    [...log.matchAll(/(incoming|outgoing) route '([^/']*)\/([^']*)' is now valid( TLS)?/gu)]
      .filter(([, , , to]) => to === other)
      .map(([, direction, , , tls]) => ({
        direction: direction === "incoming" ? ("incoming" as const) : ("outgoing" as const),
        by: "dialback" as const,
        tls: tls !== undefined,
      })),
  furnish: async (place, when) => {
    if (when === "after") return;
    for (const file of ["router-users.xml", "router-filter.xml"])
      await copyFile(join(installed, file), join(place.dir, file));
    await cp(join(installed, "templates"), join(place.dir, "templates"), { recursive: true });
    const { key, certificate } = place.certificate;
    await writeFile(pemFile(place), (await readFile(key, "utf8")) + (await readFile(certificate, "utf8")));
    using database = new DatabaseSync(join(place.dir, "jabberd2.db"));
    database.exec((await promisify(gunzip)(await readFile(schema))).toString("utf8"));
    const insert = database.prepare("INSERT INTO authreg (username, realm, password) VALUES (?, ?, ?)");
    for (const user of remoteUsers) insert.run(user, domain, passwordOf(user));
  },
};

function pemFile(place: RemotePlace): string {
  return join(place.dir, "server.pem");
}

function configFile(place: RemotePlace, part: (typeof parts)[number]): string {
  return join(place.dir, `${part}.xml`);
}

/** Debian's own configuration with what must differ changed. */
async function config(place: RemotePlace, part: (typeof parts)[number]): Promise<string> {
  const { dir, authority, settings } = place;
  const text = (await readFile(join(installed, `${part}.xml`), "utf8"))
    .replace(/<!--.*?-->/gsu, "")
    .replace(/<pidfile>.*?<\/pidfile>/gsu, "")
    // Who loses the router ends: a part that sleeps to try again would leave what comes meanwhile unread, and lose it.
    .replace(/<lost>\d+<\/lost>/u, "<lost>0</lost>")
    .replaceAll("/var/log/jabberd2/", `${dir}/`)
    .replaceAll(`${installed}/`, `${dir}/`)
    .replace(/<log type='\w+'>/gu, "<log type='file'>")
    .replace(/<path>\/usr\/lib\/[^<]*<\/path>/u, "<path>/usr/lib/x86_64-linux-gnu/jabberd2</path>")
    .replace(/(<sqlite>.*?)<dbname>[^<]*<\/dbname>/su, `$1<dbname>${join(dir, "jabberd2.db")}</dbname>`);
  const ip = `<ip>${address}</ip>`;
  const client = text.replace(/(<router>.*?)<ip>[^<]*<\/ip>/su, `$1${ip}`);
  switch (part) {
    case "router":
      return text.replace(/<ip>[^<]*<\/ip>/u, ip);
    case "sm":
      return client
        .replace(/<local>\s*<id>[^<]*<\/id>/u, `<local><id>${domain}</id>`)
        .replace(/<driver>[^<]*<\/driver>/u, "<driver>sqlite</driver>")
        .replace(/\n {2}<user>\s*\n/u, "\n  <user><auto-create/>\n");
    case "s2s": {
      const tls = `<pemfile>${pemFile(place)}</pemfile><cachain>${authority}</cachain>`;
      return client
        .replace(/(<local>.*?)<ip>[^<]*<\/ip>/su, `$1${ip}`)
        .replace("</local>", `${settings.security === "plain" ? "" : tls}</local>`);
    }
    default:
      return client
        .replace(/(<local>.*?)<ip>[^<]*<\/ip>/su, `$1${ip}`)
        .replace(
          /<id[^>]*>localhost[^<]*<\/id>|<id realm=.*?<\/id>/su,
          `<id register-enable='mu' pemfile='${pemFile(place)}'>${domain}</id>`,
        )
        .replace(/<module>[^<]*<\/module>/u, "<module>sqlite</module>")
        .replace("<external/>", "<scram-sha-1/>")
        .replace("<digest-md5/>", "");
  }
}
