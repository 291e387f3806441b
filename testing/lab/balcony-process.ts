import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { controlSocket } from "#server/control/control-path.ts";
import type { KeyPair } from "./certificates.ts";
import { Daemon, runOrThrow, type Listening } from "./process.ts";
import type { Account, Federation, Settings } from "./target.ts";

const launcher = new URL("../../balcony", import.meta.url).pathname;

/** Where a Balcony of the lab is started, and how. Two of them run beside each other at addresses of their own. */
export interface BalconyPlace {
  /** Its own, writable; keeps its data over a restart. */
  readonly dir: string;
  readonly address: string;
  readonly domains: readonly string[];
  readonly certificate: KeyPair;
  /** The authority whose client certificates it accepts for EXTERNAL. */
  readonly authority: string;
  readonly settings: Settings;
  readonly httpPort: number;
}

export async function startBalcony(place: BalconyPlace): Promise<Daemon> {
  await writeFile(configFile(place.dir), config(place));
  return await Daemon.start({
    command: [launcher, "start", "--config", configFile(place.dir), "--data", dataDir(place.dir)],
    logFile: join(place.dir, "server.log"),
    listens: balconyListens(place, [5222, 5223, ...(place.settings.federation === undefined ? [] : [5269, 5270])]),
  });
}

/** Where a Balcony listens on which all of a scenario depends: users may log in before commands are heard. */
export function balconyListens(
  { dir, address }: Pick<BalconyPlace, "dir" | "address">,
  ports: readonly number[],
): readonly Listening[] {
  return [...ports.map((port) => ({ host: address, port })), { path: controlSocket(dataDir(dir)) }];
}

export async function addBalconyUser(dir: string, { jid, password }: Account): Promise<void> {
  await balcony(dir, ["user", "add", jid], `${password}\n`);
}

/** The administrators' command, told to the server that runs in `dir`, or to its data where none runs. */
export async function balcony(dir: string, args: readonly string[], input = ""): Promise<string> {
  return await runOrThrow({ command: [launcher, ...args, "--data", dataDir(dir)], input });
}

/** Streams with other servers and what waits for them, as a Balcony lists them to its administrator. */
export interface ListedServers {
  readonly streams: readonly {
    readonly local: string;
    readonly remote: string;
    readonly ways: "in" | "out" | "both";
    readonly openedBy: "us" | "them";
    readonly state: string;
    readonly managed: boolean;
    readonly unproven: number;
  }[];
  readonly routes: readonly {
    readonly local: string;
    readonly remote: string;
    readonly state: string;
    readonly waiting: number;
    readonly waitingBytes: number;
    readonly reason?: string;
  }[];
}

/** What `balcony s2s list` says in `dir`. */
export async function listServers(dir: string, domain?: string): Promise<ListedServers> {
  const args = ["s2s", "list", "--json", ...(domain === undefined ? [] : [domain])];
  return JSON.parse(await balcony(dir, args));
}

function configFile(dir: string): string {
  return join(dir, "balcony.toml");
}

function dataDir(dir: string): string {
  return join(dir, "data");
}

const quoted = (text: string): string => JSON.stringify(text);

function config(place: BalconyPlace): string {
  const { address, certificate, settings } = place;
  const hosts = place.domains.map(
    (domain) => `[[hosts]]
domain = ${quoted(domain)}
certificate = ${quoted(certificate.certificate)}
key = ${quoted(certificate.key)}
registration = "${domain === "open.ours.test" ? "open" : "closed"}"
`,
  );
  return `${hosts.join("\n")}
[[listeners]]
kind = "client"
addresses = [${quoted(address)}]
port = 5222

[[listeners]]
kind = "client-direct-tls"
addresses = [${quoted(address)}]
port = 5223
${components(settings)}${federation(settings.federation, address)}
[tls]
accept_unsuitable_certificates = true
${settings.external === true ? `client_authorities = ${quoted(place.authority)}\n` : ""}
[auth]
digest_md5 = ${settings.digestMd5 === true}
anonymous = ${settings.anonymous === true}

[http]
port = ${place.httpPort}

[log]
level = "debug"
format = "json"
`;
}

function components(settings: Settings): string {
  const tables = (settings.components ?? []).map(
    ({ domain, secret }) => `[[components]]\ndomain = "${domain}"\nsecret = "${secret}"\n`,
  );
  return tables.join("\n");
}

/** The lab's other servers are all on loopback, which otherwise nobody is followed to. */
function federation(wanted: Federation | undefined, address: string): string {
  if (wanted === undefined) return "\n[s2s]\nenabled = false\n";
  const listeners = [
    ["server", 5269],
    ["server-direct-tls", 5270],
  ].map(([kind, port]) => `[[listeners]]\nkind = "${kind}"\naddresses = ["${address}"]\nport = ${port}\n`);
  const { resolver, queueStanzasMax = 20_000, resumes = true } = wanted;
  return `
${listeners.join("\n")}
[s2s]
security = "${wanted.security}"
bidirectional = ${wanted.bidirectional === true}
block = ${JSON.stringify(wanted.block ?? [])}
allowed_networks = ["127.0.10.0/24"]
connect_seconds_max = 5
posh = ${wanted.posh === true}
${
  resolver === undefined
    ? ""
    : `resolvers = ["${resolver.address}"]
resolvers_validate = ${resolver.validates}
`
}
[s2s.limits]
negotiation_seconds_max = 8
delivery_seconds_max = 20
answer_seconds_max = 8
stanzas_per_second = 1000000
queue_stanzas_max = ${queueStanzasMax}
queue_bytes_max = 16777216
${resumes ? "" : "resume_seconds_max = false\n"}
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
