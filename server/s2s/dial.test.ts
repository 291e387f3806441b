import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  addressRecord,
  serviceRecord,
  startDns,
  tlsaRecord,
  type TestDns,
  type ZoneEntry,
} from "#testing/dns-server.ts";
import { domainJid } from "#testing/addresses.ts";
import { silentLog } from "#testing/silent-log.ts";
import { AddressGuard, parseAddressRange } from "../dns/address-ranges.ts";
import { DnsResolver } from "../dns/dns-resolver.ts";
import { nodeEnv } from "../node-env.ts";
import { CertificateStore } from "../tls/certificate-store.ts";
import { PeerContexts } from "../tls/peer-tls.ts";
import { PeerTlsServers } from "../tls/peer-tls-servers.ts";
import { NetworkDialer } from "./dial.ts";
import type { DialRoute } from "./dial-servers.ts";
import { DialError, type Dialled } from "./dialer.ts";

const local = domainJid("montague.example");
const srv = "_xmpp-server._tcp.capulet.example";
const srvs = "_xmpps-server._tcp.capulet.example";

/** Machines that can be connected to, by the last number of their address; the port is the same for all. */
let machines: { readonly port: number; readonly connected: string[]; readonly close: () => void };
/** Speaks TLS from the first byte. */
let direct: { readonly port: number; readonly close: () => void };
let closedPort: number;
let directory: string;
let contexts: PeerContexts;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "balcony-dial-"));
  const sources = [{ domain: "montague.example" }, { domain: "capulet.example" }];
  const settings = { sources, minVersion: "1.2" as const, acceptUnsuitable: false };
  const certificates = await CertificateStore.open(settings, { dataDir: directory, now: Date.now });
  contexts = new PeerContexts(certificates);
  machines = await listenAt(["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
  const tls = new PeerTlsServers({ certificates, contexts, handshakeSecondsMax: 5, handshakeFailed: () => {} });
  const handshakes = tls.directServer();
  const server = createServer((socket) => {
    socket.on("error", () => {});
    handshakes.upgrade(socket, undefined, (secured) => void secured?.on("error", () => {}));
  });
  direct = { port: await listening(server, "127.0.0.1", 0), close: () => void server.close() };
  const gone = createServer();
  closedPort = await listening(gone, "127.0.0.1", 0);
  gone.close();
});

after(async () => {
  machines.close();
  direct.close();
  await rm(directory, { recursive: true });
});

async function listening(server: Server, address: string, port: number): Promise<number> {
  server.listen(port, address);
  await once(server, "listening");
  const bound = server.address();
  assert.ok(isPlace(bound));
  return bound.port;
}

function isPlace(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === "object" && address !== null;
}

async function listenAt(addresses: readonly string[]) {
  const connected: string[] = [];
  const servers: Server[] = [];
  let port = 0;
  for (const address of addresses) {
    const server = createServer((socket: Socket) => {
      socket.on("error", () => {});
      connected.push(socket.localAddress ?? "");
    });
    port = await listening(server, address, port);
    servers.push(server);
  }
  return { port, connected, close: () => servers.forEach((server) => void server.close()) };
}

interface Dialling extends AsyncDisposable {
  readonly dns: TestDns;
  readonly dialer: NetworkDialer;
  /** Places in the order in which they were connected to, and then how it ended. */
  readonly dial: (remote?: string, most?: number) => Promise<readonly string[]>;
  readonly dialled: Dialled[];
}

async function dialling(
  zone: Readonly<Record<string, ZoneEntry | (() => ZoneEntry)>>,
  options: {
    readonly validating?: boolean;
    readonly allowed?: readonly string[];
    readonly routes?: readonly DialRoute[];
  } = {},
): Promise<Dialling> {
  const dns = await startDns(new Map(Object.entries(zone)));
  const env = nodeEnv();
  const resolverSettings = { places: [dns], validating: options.validating ?? false };
  const resolver = new DnsResolver({
    env,
    settings: () => Promise.resolve(resolverSettings),
    hosts: () => Promise.resolve(new Map()),
  });
  const ranges = (options.allowed ?? ["127.0.0.0/8"]).map(parseAddressRange).filter((range) => range !== undefined);
  const dialer = new NetworkDialer({
    env,
    log: silentLog,
    resolver,
    makeRoom: () => () => {},
    tls: { contexts, env, handshakeMsMax: 2_000, handshakeFailed: () => {} },
    settings: () => ({
      guard: new AddressGuard(ranges),
      routes: options.routes ?? [],
      validating: options.validating ?? false,
      connectMsMax: 20_000,
    }),
  });
  const dialled: Dialled[] = [];
  return {
    dns,
    dialer,
    dialled,
    dial: async (remote = "capulet.example", most = 10) => {
      const order: string[] = [];
      const turns = dialer.dial({ local, remote: domainJid(remote), signal: new AbortController().signal });
      try {
        for (let i = 0; i < most; i += 1) {
          const { value } = await turns.next();
          dialled.push(value);
          const { place } = value;
          order.push(
            `${place.host} ${place.address}${place.directTls ? " TLS" : ""}${place.validated ? " validated" : ""}`,
          );
          value.transport.destroy();
        }
      } catch (error) {
        if (!(error instanceof DialError)) throw error;
        order.push(error.condition);
      }
      return order;
    },
    [Symbol.asyncDispose]: () => dns[Symbol.asyncDispose](),
  };
}

function machine(name: string, ...addresses: readonly string[]): Readonly<Record<string, ZoneEntry>> {
  const of = (family: (address: string) => boolean) =>
    addresses.filter(family).map((address) => addressRecord(name, address));
  return {
    [`A ${name}`]: { answers: of((one) => !one.includes(":")) },
    [`AAAA ${name}`]: { answers: of((one) => one.includes(":")) },
  };
}

function services(name: string, ...texts: readonly string[]): Readonly<Record<string, ZoneEntry>> {
  return { [`SRV ${name}`]: { answers: texts.map((text) => serviceRecord(name, text)) } };
}

/** A table's row: what DNS says, in words with P, D and C for the ports of machines, of direct TLS, and of nobody. */
interface Row {
  readonly name: string;
  readonly zone: () => Readonly<Record<string, ZoneEntry>>;
  readonly remote?: string;
  readonly expected: readonly string[];
  readonly asked?: readonly string[];
  readonly validating?: boolean;
  readonly allowed?: readonly string[];
}

const rows: readonly Row[] = [
  {
    name: "servers are tried by their priority, and then there is none [rfc6120-3.1-01] [rfc3920-14.4-06]",
    zone: () => ({
      ...services(
        srv,
        `20 0 ${machines.port} b.example`,
        `10 0 ${machines.port} a.example`,
        `30 0 ${machines.port} c.example`,
      ),
      ...machine("a.example", "127.0.0.1"),
      ...machine("b.example", "127.0.0.2"),
      ...machine("c.example", "127.0.0.3"),
    }),
    expected: ["a.example 127.0.0.1", "b.example 127.0.0.2", "c.example 127.0.0.3", "remote-server-timeout"],
  },
  {
    name: "both kinds of service are one list, each with its way into TLS [xep0368-3-01] [xep0368-3-03] [xep0368-3-04]",
    zone: () => ({
      ...services(srv, `10 0 ${machines.port} a.example`, `30 0 ${machines.port} c.example`),
      ...services(srvs, `20 0 ${direct.port} b.example`),
      ...machine("a.example", "127.0.0.2"),
      ...machine("b.example", "127.0.0.1"),
      ...machine("c.example", "127.0.0.3"),
    }),
    expected: ["a.example 127.0.0.2", "b.example 127.0.0.1 TLS", "c.example 127.0.0.3", "remote-server-timeout"],
  },
  {
    name: "all addresses of a server are tried before the next server",
    zone: () => ({
      ...services(srv, `10 0 ${machines.port} a.example`, `20 0 ${machines.port} b.example`),
      ...machine("a.example", "127.0.0.1", "127.0.0.2"),
      ...machine("b.example", "127.0.0.3"),
    }),
    expected: ["a.example 127.0.0.1", "a.example 127.0.0.2", "b.example 127.0.0.3", "remote-server-timeout"],
  },
  {
    name: "a server that is away is passed over",
    zone: () => ({
      ...services(srv, `10 0 ${closedPort} a.example`, `20 0 ${machines.port} b.example`),
      ...machine("a.example", "127.0.0.1"),
      ...machine("b.example", "127.0.0.2"),
    }),
    expected: ["b.example 127.0.0.2", "remote-server-timeout"],
  },
  {
    name: "a server without an address is passed over",
    zone: () => ({
      ...services(srv, `10 0 ${machines.port} a.example`, `20 0 ${machines.port} b.example`),
      ...machine("b.example", "127.0.0.2"),
    }),
    expected: ["b.example 127.0.0.2", "remote-server-timeout"],
  },
  {
    name: "a server that does not speak TLS where it says so is passed over [rfc6120-5.4.3.2-03]",
    zone: () => ({
      ...services(srvs, `10 0 ${machines.port} a.example`),
      ...services(srv, `20 0 ${machines.port} b.example`),
      ...machine("a.example", "127.0.0.1"),
      ...machine("b.example", "127.0.0.2"),
    }),
    expected: ["b.example 127.0.0.2", "remote-server-timeout"],
  },
  {
    name: "S33 a target that is a dot ends it, plain addresses or not [rfc6120-3.2.1-01] [xep0368-5-02]",
    zone: () => ({ ...services(srv, "0 0 0 ."), ...machine("capulet.example", "127.0.0.1") }),
    expected: ["remote-server-not-found"],
    asked: [`SRV ${srv}`, `SRV ${srvs}`],
  },
  {
    name: "S33 a dot for direct TLS leaves STARTTLS [xep0368-5-01]",
    zone: () => ({
      ...services(srvs, "0 0 0 ."),
      ...services(srv, `10 0 ${machines.port} a.example`),
      ...machine("a.example", "127.0.0.1"),
    }),
    expected: ["a.example 127.0.0.1", "remote-server-timeout"],
  },
  {
    name: "S33 a dot for direct TLS and no other record end it [xep0368-5-02]",
    zone: () => ({ ...services(srvs, "0 0 0 ."), ...machine("capulet.example", "127.0.0.1") }),
    expected: ["remote-server-not-found"],
  },
  {
    name: "where there are records, plain addresses are not tried, though none of the records helps [rfc6120-3.2.1-02]",
    zone: () => ({
      ...services(srv, `10 0 ${closedPort} a.example`),
      ...machine("a.example", "127.0.0.1"),
      ...machine("capulet.example", "127.0.0.1"),
    }),
    expected: ["remote-server-timeout"],
    asked: ["A a.example", "AAAA a.example", `SRV ${srv}`, `SRV ${srvs}`],
  },
  {
    name: "without records, the domain's own addresses are looked up [rfc6120-3.2.1-03] [rfc6120-3.2.2-01] [rfc3920-14.4-07] [rfc7712-5.1-01]",
    zone: () => ({}),
    expected: ["remote-server-not-found"],
    asked: ["A capulet.example", "AAAA capulet.example", `SRV ${srv}`, `SRV ${srvs}`],
  },
  {
    name: "when records cannot be had, addresses may do [rfc6120-3.2.1-03] [rfc7673-3.1-04]",
    zone: () => ({ [`SRV ${srv}`]: { code: 2 }, [`SRV ${srvs}`]: { code: 2 } }),
    expected: ["remote-server-not-found"],
    asked: ["A capulet.example", "AAAA capulet.example", `SRV ${srv}`, `SRV ${srvs}`],
  },
  {
    name: "S6 when nothing can be found out at present, that is no reason to say that there is no such domain, nor to connect anywhere [rfc6120-13.9.2-01] [rfc3920-5.1-04] [rfc3920-6.1-01] [rfc3920-8.1-03]",
    zone: () => ({ "A capulet.example": { code: 2 }, "AAAA capulet.example": { code: 2 } }),
    expected: ["remote-server-timeout"],
  },
  {
    name: "with validation, records that cannot be had end it [rfc7673-3.1-03]",
    zone: () => ({
      [`SRV ${srvs}`]: { code: 2 },
      ...services(srv, `10 0 ${machines.port} a.example`),
      ...machine("a.example", "127.0.0.1"),
    }),
    validating: true,
    expected: ["remote-server-timeout"],
    asked: [`SRV ${srv}`, `SRV ${srvs}`],
  },
  {
    name: "with validation, a server whose addresses cannot be had is not connected to, but the next is [rfc7673-3.2-03]",
    zone: () => ({
      ...services(srv, `10 0 ${machines.port} a.example`, `20 0 ${machines.port} b.example`),
      "A a.example": { answers: [addressRecord("a.example", "127.0.0.1")] },
      "AAAA a.example": { code: 2 },
      ...machine("b.example", "127.0.0.2"),
    }),
    validating: true,
    expected: ["b.example 127.0.0.2", "remote-server-timeout"],
  },
  {
    name: "when one kind of record cannot be had, the other does [rfc7673-3.1-04]",
    zone: () => ({
      [`SRV ${srvs}`]: { code: 2 },
      ...services(srv, `10 0 ${machines.port} a.example`),
      ...machine("a.example", "127.0.0.1"),
    }),
    expected: ["a.example 127.0.0.1", "remote-server-timeout"],
  },
  {
    name: "A36 a name that leads into a private network is not followed",
    zone: () => ({
      ...services(srv, `10 0 ${machines.port} a.example`),
      ...machine("a.example", "127.0.0.1", "10.0.0.1", "::ffff:127.0.0.1", "fe80::1"),
    }),
    allowed: [],
    expected: ["remote-server-not-found"],
  },
  {
    name: "A36 of a name's addresses only those are connected to that may be",
    zone: () => ({
      ...services(srv, `10 0 ${machines.port} a.example`),
      ...machine("a.example", "127.0.0.1", "127.0.0.2", "127.0.0.3"),
    }),
    allowed: ["127.0.0.2"],
    expected: ["a.example 127.0.0.2", "remote-server-timeout"],
  },
  {
    name: "A36 a domain that is itself an address is held to the same",
    zone: () => ({}),
    remote: "127.0.0.1",
    allowed: [],
    expected: ["remote-server-not-found"],
    asked: [],
  },
  {
    name: "A36 so is one of IPv6 that stands for one of IPv4",
    zone: () => ({}),
    remote: "[::ffff:127.0.0.1]",
    allowed: [],
    expected: ["remote-server-not-found"],
    asked: [],
  },
  {
    name: "A36 localhost is no other server",
    zone: () => ({ ...services("_xmpp-server._tcp.localhost", `10 0 ${machines.port} localhost`) }),
    remote: "localhost",
    allowed: [],
    expected: ["remote-server-not-found"],
    asked: [],
  },
  {
    name: "A36 records without number lead to sixteen servers at most",
    zone: () => ({
      ...services(srv, ...Array.from({ length: 60 }, (_, i) => `${i} 0 ${closedPort} n${i}.example`)),
      ...Object.assign({}, ...Array.from({ length: 60 }, (_, i) => machine(`n${i}.example`, "127.0.0.1"))),
    }),
    expected: ["remote-server-timeout"],
    asked: [
      ...Array.from({ length: 16 }, (_, i) => [`A n${i}.example`, `AAAA n${i}.example`]).flat(),
      `SRV ${srv}`,
      `SRV ${srvs}`,
    ],
  },
  {
    // It may be somebody's whom a domain wants us to bother.
    name: "A36 one place is connected to once, whatever names lead there",
    zone: () => ({
      ...services(srv, ...Array.from({ length: 9 }, (_, i) => `${i} 0 ${machines.port} n${i}.example`)),
      ...Object.assign({}, ...Array.from({ length: 8 }, (_, i) => machine(`n${i}.example`, "127.0.0.1"))),
      ...machine("n8.example", "127.0.0.1", "127.0.0.2"),
    }),
    expected: ["n0.example 127.0.0.1", "n8.example 127.0.0.2", "remote-server-timeout"],
  },
];

test("A36 no more than thirty-two places are tried for one domain", async () => {
  const everyone = Array.from({ length: 16 }, (_, i) => machine(`n${i}.example`, ...addressesFrom(i * 8)));
  const zone = {
    ...services(srv, ...Array.from({ length: 16 }, (_, i) => `${i} 0 ${closedPort} n${i}.example`)),
    ...Object.assign({}, ...everyone),
  };
  await using to = await dialling(zone);
  const turns = to.dialer.dial({ local, remote: domainJid("capulet.example"), signal: new AbortController().signal });
  await assert.rejects(turns.next(), (error) => {
    assert.ok(error instanceof DialError);
    assert.equal(error.message.match(/ECONNREFUSED/gu)?.length, 32);
    return true;
  });
});

/** Eight addresses of loopback. */
function addressesFrom(first: number): readonly string[] {
  return Array.from({ length: 8 }, (_, i) => `127.0.1.${first + i + 1}`);
}

for (const { name, zone, remote, expected, asked, validating, allowed } of rows) {
  test(`dial: ${name}`.replace(/^dial: (?=A36|S\d)/, ""), async () => {
    await using to = await dialling(zone(), { ...(validating && { validating }), ...(allowed && { allowed }) });
    assert.deepEqual(await to.dial(remote), expected);
    if (asked !== undefined) assert.deepEqual(new Set(to.dns.asked), new Set(asked));
  });
}

test("A36 a name that leads elsewhere the next time it is asked for gains nothing: what was looked at is connected to", async () => {
  let times = 0;
  await using to = await dialling(
    {
      ...services(srv, `10 0 ${machines.port} a.example`),
      // Lives for no time at all, and leads to a machine that may not be reached from the second time on.
      "A a.example": () => {
        times += 1;
        return { answers: [addressRecord("a.example", times === 1 ? "127.0.0.2" : "127.0.0.1", 0)] };
      },
    },
    { allowed: ["127.0.0.2"] },
  );
  machines.connected.length = 0;
  assert.deepEqual(await to.dial(), ["a.example 127.0.0.2", "remote-server-timeout"]);
  assert.deepEqual(await to.dial(), ["remote-server-not-found"]);
  assert.equal(times, 2);
  assert.deepEqual(new Set(machines.connected), new Set(["127.0.0.2"]));
});

test("dial: a route of the configuration goes before DNS, and its address may be private", async () => {
  const routes = [
    { domain: "capulet.example", host: "127.0.0.3", port: machines.port, directTls: false },
    { domain: "capulet.example", host: "127.0.0.1", port: direct.port, directTls: true },
    { domain: "verona.example", host: "127.0.0.1", port: machines.port, directTls: false },
  ];
  await using to = await dialling({}, { routes, allowed: [] });
  assert.deepEqual(await to.dial(), ["127.0.0.3 127.0.0.3", "127.0.0.1 127.0.0.1 TLS", "remote-server-timeout"]);
  assert.deepEqual(to.dns.asked, []);
});

test("A36 a route by name is held to what names are held to", async () => {
  const routes = [{ domain: "capulet.example", host: "a.example", port: machines.port, directTls: false }];
  await using to = await dialling(machine("a.example", "127.0.0.1"), { routes, allowed: [] });
  assert.deepEqual(await to.dial(), ["remote-server-not-found"]);
});

test("dial: a name beyond ASCII is asked for as DNS has it", async () => {
  await using to = await dialling({});
  await to.dial("pfüe.example");
  assert.ok(to.dns.asked.includes("SRV _xmpp-server._tcp.xn--pfe-ioa.example"));
});

const validatedZone = (more: Readonly<Record<string, ZoneEntry>>): Readonly<Record<string, ZoneEntry>> => ({
  [`SRV ${srv}`]: { answers: [serviceRecord(srv, `10 0 ${machines.port} a.example`)], authentic: true },
  "A a.example": { answers: [addressRecord("a.example", "127.0.0.1")], authentic: true },
  ...more,
});

test("dial: where all of the way was validated, it is asked what the certificate is to be [rfc7673-3.2-01] [rfc7673-3.3-01]", async () => {
  const name = `_${machines.port}._tcp.a.example`;
  await using to = await dialling(
    validatedZone({ [`TLSA ${name}`]: { answers: [tlsaRecord(name, new Uint8Array([1, 2, 3]))], authentic: true } }),
    { validating: true },
  );
  assert.deepEqual(await to.dial(), ["a.example 127.0.0.1 validated", "remote-server-timeout"]);
  const [first] = to.dialled;
  assert.deepEqual(first?.place.tlsa, [{ usage: 3, selector: 1, matching: 1, data: new Uint8Array([1, 2, 3]) }]);
});

test("dial: where that cannot be found out, the server is not connected to [rfc7673-3.4-03]", async () => {
  await using to = await dialling(validatedZone({ [`TLSA _${machines.port}._tcp.a.example`]: { code: 2 } }), {
    validating: true,
  });
  machines.connected.length = 0;
  assert.deepEqual(await to.dial(), ["remote-server-timeout"]);
  assert.deepEqual(machines.connected, []);
});

test("dial: what was not validated of certificates does not count [rfc7673-3.4-04]", async () => {
  const name = `_${machines.port}._tcp.a.example`;
  await using to = await dialling(
    validatedZone({ [`TLSA ${name}`]: { answers: [tlsaRecord(name, new Uint8Array([1]))] } }),
    { validating: true },
  );
  assert.deepEqual(await to.dial(), ["a.example 127.0.0.1 validated", "remote-server-timeout"]);
  assert.deepEqual(to.dialled[0]?.place.tlsa, []);
});

test("dial: where the services were not validated, certificates are not asked for [rfc7673-3.1-01]", async () => {
  await using to = await dialling(validatedZone(services(srv, `10 0 ${machines.port} a.example`)), {
    validating: true,
  });
  assert.deepEqual(await to.dial(), ["a.example 127.0.0.1", "remote-server-timeout"]);
  assert.ok(to.dns.asked.every((question) => !question.startsWith("TLSA")));
});

test("dial: where the addresses were not validated, certificates are not asked for [rfc7673-3.2-02]", async () => {
  await using to = await dialling(validatedZone(machine("a.example", "127.0.0.1")), { validating: true });
  assert.deepEqual(await to.dial(), ["a.example 127.0.0.1", "remote-server-timeout"]);
  assert.ok(to.dns.asked.every((question) => !question.startsWith("TLSA")));
});

test("dial: one who waits no more is not kept waiting", async () => {
  await using to = await dialling({ [`SRV ${srv}`]: { silent: "all" }, [`SRV ${srvs}`]: { silent: "all" } });
  const stop = new AbortController();
  const first = to.dialer.dial({ local, remote: domainJid("capulet.example"), signal: stop.signal }).next();
  while (to.dns.asked.length < 2) await new Promise(setImmediate);
  stop.abort(new Error("no more"));
  await assert.rejects(first, /no more/);
});
