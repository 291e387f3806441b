import { X509Certificate } from "node:crypto";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { tlsaData } from "#server/trust/dane.ts";
import { readCertificate } from "#server/trust/read-certificate.ts";
import { labDir } from "../lab.ts";
import { Daemon, runToEnd } from "../process.ts";

const authoritative = { address: "127.0.53.60", port: 5_300 };
/** Where the resolver that validates listens, on port 53. */
export const validatingResolver = "127.0.53.61";
const labResolver = "127.0.53.53";
const waitMsMax = 90_000;
const pollMs = 100;

export interface ZonePlan {
  /** Its domain. */
  readonly name: string;
  /** Lines of a zone file, without SOA and NS. */
  readonly records: readonly string[];
  /** What the resolver knows of the zone's key is wrong, so that every answer looks forged. */
  readonly isForged?: boolean;
}

/** A zone that knot signs, and an unbound that validates it; all other names it asks the lab's resolver for. */
export class SignedZone implements AsyncDisposable {
  readonly #daemons: AsyncDisposableStack;

  private constructor(daemons: AsyncDisposableStack) {
    this.#daemons = daemons;
  }

  static async start(plan: ZonePlan): Promise<SignedZone> {
    const dir = await mkdtemp(join(labDir, "dane-"));
    await using daemons = new AsyncDisposableStack();
    daemons.use(await startKnot(dir, plan));
    daemons.use(await startUnbound(dir, plan));
    await untilAnswered(plan);
    return new SignedZone(daemons.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemons.disposeAsync();
  }
}

/** The records under which a server of the lab is found, with STARTTLS. */
export function serverRecords(domain: string, address: string): readonly string[] {
  return [
    `@ 60 IN A ${address}`,
    `_xmpp-server._tcp 60 IN SRV 0 5 5269 ${domain}.`,
    `_xmpp-client._tcp 60 IN SRV 0 5 5222 ${domain}.`,
  ];
}

/** A TLSA record of a certificate in a PEM file: its first, or its last, which is its authority's. */
export async function tlsaRecord(usage: 2 | 3, file: string): Promise<string> {
  const pems = (await readFile(file, "utf8")).match(/-----BEGIN[^-]*-----[^-]*-----END[^-]*-----/gu) ?? [];
  const pem = usage === 2 ? pems.at(-1) : pems[0];
  const read = readCertificate(new X509Certificate(pem ?? "").raw);
  if (!read.ok) throw new Error(`${file}: ${read.reason}`);
  const selector = usage === 2 ? 0 : 1;
  const data = Buffer.from(tlsaData(read.certificate, { selector, matching: 1 })).toString("hex");
  return `_5269._tcp 60 IN TLSA ${usage} ${selector} 1 ${data}`;
}

async function startKnot(dir: string, { name, records }: ZonePlan): Promise<Daemon> {
  await mkdir(join(dir, "knot"));
  const { address, port } = authoritative;
  const own = [
    `$ORIGIN ${name}.`,
    `@ 60 IN SOA ns.${name}. root.${name}. 1 3600 900 86400 60`,
    `@ 60 IN NS ns.${name}.`,
  ];
  await writeFile(join(dir, "zone"), `${[...own, `ns 60 IN A ${address}`, ...records].join("\n")}\n`);
  await writeFile(
    join(dir, "knot.conf"),
    `server:
  rundir: "${join(dir, "knot")}"
  listen: ["${address}@${port}"]
database:
  storage: "${join(dir, "knot")}"
log:
  - target: stderr
    any: info
policy:
  - id: lab
    algorithm: ecdsap256sha256
    single-type-signing: on
zone:
  - domain: "${name}."
    file: "${join(dir, "zone")}"
    zonefile-sync: -1
    dnssec-signing: on
    dnssec-policy: lab
`,
  );
  const command = ["knotd", "-c", join(dir, "knot.conf")] as const;
  return Daemon.start({ command, logFile: join(dir, "knot.log"), listens: [{ host: address, port }] });
}

async function startUnbound(dir: string, plan: ZonePlan): Promise<Daemon> {
  const { address, port } = authoritative;
  const key = await signingKey(plan.name);
  await writeFile(
    join(dir, "unbound.conf"),
    `server:
  directory: "${dir}"
  pidfile: ""
  username: ""
  chroot: ""
  use-syslog: no
  verbosity: 2
  interface: ${validatingResolver}
  access-control: 127.0.0.0/8 allow
  do-ip6: no
  do-not-query-localhost: no
  module-config: "validator iterator"
  local-zone: "test." transparent
  trust-anchor: "${plan.isForged === true ? changed(key) : key}"
remote-control:
  control-enable: no
stub-zone:
  name: "${plan.name}."
  stub-addr: ${address}@${port}
forward-zone:
  name: "."
  forward-addr: ${labResolver}
`,
  );
  const command = ["unbound", "-d", "-p", "-c", join(dir, "unbound.conf")] as const;
  return Daemon.start({
    command,
    logFile: join(dir, "unbound.log"),
    listens: [{ host: validatingResolver, port: 53 }],
  });
}

/** As knot publishes it, once it has signed. */
async function signingKey(name: string): Promise<string> {
  const { address, port } = authoritative;
  for (const deadline = Date.now() + waitMsMax; ; await sleep(pollMs)) {
    const stdout = await ask([`@${address}`, "-p", String(port), "+short", "+tcp", name, "DNSKEY"]);
    const data = stdout.trim().split("\n")[0];
    if (data !== undefined && /^25[67] 3 13 /u.test(data)) return `${name}. 60 IN DNSKEY ${data}`;
    if (Date.now() > deadline) throw new Error(`knot does not sign ${name}: ${stdout}`);
  }
}

/** What kdig prints, also where nobody has answered it in time. */
async function ask(args: readonly string[]): Promise<string> {
  const { output } = await runToEnd({ command: ["kdig", ...args] });
  return output;
}

/** Another key: one letter is another. */
function changed(key: string): string {
  const at = key.length - 10;
  return `${key.slice(0, at)}${key[at] === "A" ? "B" : "A"}${key.slice(at + 1)}`;
}

async function untilAnswered({ name, isForged = false }: ZonePlan): Promise<void> {
  const wanted = isForged ? /status: SERVFAIL/u : /Flags: [^;]*\bad\b/u;
  for (const deadline = Date.now() + waitMsMax; ; await sleep(pollMs)) {
    const stdout = await ask([`@${validatingResolver}`, "+dnssec", "+tcp", name, "A"]);
    if (wanted.test(stdout)) return;
    if (Date.now() > deadline) throw new Error(`unbound does not validate ${name} as it should: ${stdout}`);
  }
}
