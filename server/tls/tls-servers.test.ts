import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import {
  connect as connectTcp,
  createServer as createTcpServer,
  type Server as TcpServer,
  type Socket,
} from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connect, type ConnectionOptions, type Server, type TLSSocket } from "node:tls";
import { createHash } from "node:crypto";
import type { SecureChannel } from "#protocol/stream/secure-channel.ts";
import { renegotiationError } from "#testing/socket-client.ts";
import { CertificateStore, type CertificateSettings } from "./certificate-store.ts";
import { generateSelfSigned } from "./self-signed.ts";
import type { StartTlsServer } from "./start-tls-server.ts";
import { ticketKeysMsMax, TlsServers } from "./tls-servers.ts";

const settings: CertificateSettings = {
  sources: [{ domain: "montague.example" }, { domain: "capulet.example" }],
  minVersion: "1.2",
  acceptUnsuitable: false,
};

/** A server that offers both ways into TLS, and tells each client's channel to the test. */
interface Fixture {
  /** Of the stream that STARTTLS is done on. */
  domain: string | undefined;
  readonly certificates: CertificateStore;
  readonly failures: string[];
  readonly direct: Server;
  readonly starting: StartTlsServer;
  readonly raw: TcpServer;
  readonly directPort: number;
  readonly rawPort: number;
  readonly channels: SecureChannel[];
  /** How often STARTTLS ended without TLS. */
  readonly undone: { count: number };
  /** How far the servers' clock is ahead, in milliseconds. */
  readonly clock: { ahead: number };
}

let directory: string;
let fixture: Fixture;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "balcony-tls-"));
  fixture = await serve(directory);
});

after(async () => {
  fixture.direct.close();
  fixture.raw.close();
  fixture.starting.close();
  await rm(directory, { recursive: true });
});

async function serve(dataDir: string): Promise<Fixture> {
  const certificates = await CertificateStore.open(settings, { dataDir, now: Date.now });
  const failures: string[] = [];
  const channels: SecureChannel[] = [];
  const undone = { count: 0 };
  const clock = { ahead: 0 };
  const servers = new TlsServers({
    certificates,
    settings: { sessionTickets: true, sessionTicketSeconds: 3600, handshakeSecondsMax: 5 },
    now: () => Date.now() + clock.ahead,
    handshakeFailed: (code) => failures.push(code),
  });
  const greet = (socket: TLSSocket): void => {
    channels.push(servers.channelOf(socket, fixture.domain));
    socket.on("error", () => {});
    socket.write("hello");
    socket.on("data", (bytes) => socket.write(bytes));
  };
  const direct = servers.directServer();
  direct.on("secureConnection", greet);
  const starting = servers.startTlsServer();
  const raw = createTcpServer((socket) => {
    socket.on("error", () => {});
    starting.upgrade(socket, fixture.domain, (secured) => {
      if (secured === undefined) undone.count += 1;
      else greet(secured);
    });
  });
  return {
    domain: undefined,
    certificates,
    failures,
    direct,
    starting,
    raw,
    directPort: await listen(direct),
    rawPort: await listen(raw),
    channels,
    undone,
    clock,
  };
}

async function listen(server: Server | TcpServer): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert(typeof address === "object" && address !== null);
  return address.port;
}

interface Visit {
  readonly session: Buffer;
  readonly resumed: boolean;
  readonly cipher: string;
  readonly alpn: string | false | null;
  readonly names: string | undefined;
  readonly certificateHash: Buffer;
  readonly exporter: Buffer;
  readonly firstFinished: Buffer | undefined;
  readonly channel: SecureChannel;
}

/** Connects, waits for the server's greeting, and tells how it was. */
async function visit(port: number, options: ConnectionOptions): Promise<Visit> {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options });
  const sessions: Buffer[] = [];
  socket.on("session", (session) => sessions.push(session));
  await once(socket, "data");
  const resumed = socket.isSessionReused();
  const certificate = socket.getPeerX509Certificate();
  const channel = fixture.channels.at(-1);
  assert(channel !== undefined);
  const is13 = socket.getProtocol() === "TLSv1.3";
  const result = {
    resumed,
    cipher: socket.getCipher().name,
    alpn: socket.alpnProtocol,
    names: certificate?.subjectAltName,
    certificateHash: createHash("sha256")
      .update(certificate?.raw ?? "")
      .digest(),
    exporter: socket.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0)),
    firstFinished: is13 || !resumed ? socket.getFinished() : socket.getPeerFinished(),
    channel,
  };
  const session = sessions.at(-1) ?? socket.getSession();
  socket.end();
  await once(socket, "close");
  assert(session !== undefined);
  return { session, ...result };
}

function announced(channel: SecureChannel): Record<string, string> {
  return Object.fromEntries(
    channel.bindings.announced.map(({ type, data }) => [type, Buffer.from(data).toString("hex")]),
  );
}

describe("TLS servers", () => {
  for (const servername of ["montague.example", "capulet.example", "Capulet.Example"]) {
    test(`show ${servername} the certificate of that host [rfc6120-5.3.6-01]`, async () => {
      const { names } = await visit(fixture.directPort, { servername });
      assert.equal(names, `DNS:${servername.toLowerCase()}`);
    });
  }

  for (const [domain, options, names] of [
    ["capulet.example", {}, "DNS:capulet.example"],
    ["montague.example", {}, "DNS:montague.example"],
    ["capulet.example", { servername: "montague.example" }, "DNS:montague.example"],
    ["capulet.example", { maxVersion: "TLSv1.2" }, "DNS:capulet.example"],
  ] as const)
    test(`show ${names} after STARTTLS on a stream to ${domain} with ${JSON.stringify(options)} [rfc6120-5.4.3.1-03] [rfc6120-5.4.3.1-05]`, async () => {
      fixture.domain = domain;
      const visited = await visit(fixture.rawPort, options);
      fixture.domain = undefined;
      assert.equal(visited.names, names);
      const hash = announced(visited.channel)["tls-server-end-point"];
      assert.equal(hash, visited.certificateHash.toString("hex"));
    });

  test("show the first host's certificate to who names none or an unknown one", async () => {
    const unnamed = await visit(fixture.rawPort, {});
    const unknown = await visit(fixture.rawPort, { servername: "verona.example" });
    assert.equal(unnamed.names, "DNS:montague.example");
    assert.equal(unknown.names, "DNS:montague.example");
  });

  test("speak ALPN xmpp-client on direct TLS and refuse other protocols there [rfc6120-5.3.6-01] [xep0368-3-09]", async () => {
    const { alpn } = await visit(fixture.directPort, { ALPNProtocols: ["xmpp-client"] });
    assert.equal(alpn, "xmpp-client");
    await assert.rejects(
      visit(fixture.directPort, { ALPNProtocols: ["h2"] }),
      /no application protocol|no_application_protocol/i,
    );
  });

  test("choose the stronger cipher, whatever a client likes best [rfc7590-1-01]", async () => {
    const ciphers = "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384";
    const { cipher } = await visit(fixture.directPort, { maxVersion: "TLSv1.2", ciphers });
    assert.equal(cipher, "ECDHE-ECDSA-AES256-GCM-SHA384");
  });

  for (const ciphers of ["eNULL:@SECLEVEL=0", "aNULL:@SECLEVEL=0"])
    test(`refuse a client that has nothing but ${ciphers} [rfc7590-1-01]`, async () => {
      await assert.rejects(visit(fixture.directPort, { maxVersion: "TLSv1.2", ciphers }));
    });

  test("refuse TLS 1.1 [rfc7590-1-01] [rfc6120-13.9.5-01]", async () => {
    const failures = fixture.failures.length;
    await assert.rejects(
      visit(fixture.directPort, { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }),
    );
    assert.equal(fixture.failures.length, failures + 1);
  });

  test("A14 refuse renegotiation [rfc6120-5.3.5-03]", async (t) => {
    const socket = connect({
      port: fixture.directPort,
      host: "127.0.0.1",
      rejectUnauthorized: false,
      maxVersion: "TLSv1.2",
    });
    t.after(() => socket.destroy());
    await once(socket, "data");
    assert.match((await renegotiationError(socket)).message, /renegotiation/i);
  });
});

describe("STARTTLS", () => {
  test("brings each of many simultaneous connections back to its own caller", async () => {
    const visits = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        connectOnly(fixture.rawPort, i % 2 === 0 ? "montague.example" : "capulet.example"),
      ),
    );
    assert.deepEqual(
      visits,
      visits.map((_, i) => (i % 2 === 0 ? "DNS:montague.example" : "DNS:capulet.example")),
    );
    assert.equal(fixture.starting.handshakes, 0);
  });

  test("ends a connection whose client says nothing at all [rfc6120-5.4.3.2-01]", async () => {
    const servers = new TlsServers({
      certificates: fixture.certificates,
      settings: { sessionTickets: true, sessionTicketSeconds: 3600, handshakeSecondsMax: 0.02 },
      now: Date.now,
      handshakeFailed: () => undefined,
    });
    const starting = servers.startTlsServer();
    const raw = createTcpServer((socket) => {
      socket.on("error", () => {});
      starting.upgrade(socket, undefined, () => undefined);
    });
    const client = connectTcp(await listen(raw), "127.0.0.1");
    client.resume();
    await once(client, "end");
    client.destroy();
    starting.close();
    raw.close();
  });

  for (const { name, act } of [
    {
      name: "that sends no TLS",
      act: (socket: Socket) => socket.end("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"),
    },
    { name: "that goes away", act: (socket: Socket) => socket.end() },
    { name: "that is cut", act: (socket: Socket) => socket.resetAndDestroy() },
  ]) {
    test(`gives up a connection ${name}, and forgets it [rfc6120-5.4.3.2-01]`, async () => {
      const undone = fixture.undone.count;
      const socket = connectTcp(fixture.rawPort, "127.0.0.1");
      socket.on("error", () => {});
      await once(socket, "connect");
      await until(() => fixture.starting.handshakes === 1);
      act(socket);
      await until(() => fixture.starting.handshakes === 0);
      assert.equal(fixture.undone.count, undone + 1);
    });
  }
});

describe("channel binding", () => {
  test("TLS 1.3 offers tls-exporter and tls-server-end-point, as the client computes them [xep0440-2-02] [xep0440-3-03] [xep0440-3-13]", async () => {
    const { channel, exporter, certificateHash, firstFinished } = await visit(fixture.directPort, {
      servername: "capulet.example",
    });
    assert.deepEqual(announced(channel), {
      "tls-exporter": exporter.toString("hex"),
      "tls-server-end-point": certificateHash.toString("hex"),
    });
    assert.deepEqual(
      channel.bindings.tolerated.map(({ type, data }) => [type, Buffer.from(data)]),
      [["tls-unique", firstFinished]],
    );
  });

  test("TLS 1.2 offers tls-unique and tls-server-end-point, as the client computes them [xep0440-2-02] [xep0440-3-03]", async () => {
    const { channel, certificateHash, firstFinished } = await visit(fixture.rawPort, {
      servername: "capulet.example",
      maxVersion: "TLSv1.2",
    });
    assert.deepEqual(announced(channel), {
      "tls-unique": firstFinished?.toString("hex"),
      "tls-server-end-point": certificateHash.toString("hex"),
    });
  });

  test("a resumed TLS 1.2 session binds to nothing", async () => {
    const options = { servername: "capulet.example", maxVersion: "TLSv1.2" } as const;
    const { session } = await visit(fixture.rawPort, options);
    const again = await visit(fixture.rawPort, { ...options, session });
    assert.equal(again.resumed, true);
    assert.deepEqual(again.channel.bindings, { announced: [], tolerated: [] });
  });
});

describe("a reload", () => {
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    test(`keeps open connections and tickets of ${version}, and shows the new certificate to newcomers [xep0198-5-10]`, async () => {
      const options = { servername: "capulet.example", maxVersion: version } as const;
      const open = connect({ port: fixture.directPort, host: "127.0.0.1", rejectUnauthorized: false, ...options });
      await once(open, "data");
      const ticket = await visit(fixture.directPort, options);
      const changed = await reloadWithNewCertificate(version);
      assert.deepEqual(changed, { changed: ["capulet.example"], problems: [] });

      const resumed = await visit(fixture.directPort, { ...options, session: ticket.session });
      assert.equal(resumed.resumed, true);
      assert.equal(announced(resumed.channel)["tls-server-end-point"], undefined, "the client saw the old certificate");

      const newcomer = await visit(fixture.directPort, options);
      assert.notDeepEqual(newcomer.certificateHash, ticket.certificateHash);
      assert.equal(announced(newcomer.channel)["tls-server-end-point"], newcomer.certificateHash.toString("hex"));

      open.write("still here?");
      assert.equal(String((await once(open, "data"))[0]), "still here?");
      open.destroy();
    });
  }

  test("with a broken certificate keeps the old one and says so", async () => {
    const seen = await visit(fixture.directPort, { servername: "capulet.example" });
    const broken = join(directory, "broken.pem");
    await writeFile(broken, "nothing");
    const report = await fixture.certificates.reload({
      ...settings,
      sources: [{ domain: "montague.example" }, { domain: "capulet.example", certificate: broken, key: broken }],
    });
    assert.deepEqual(report.changed, []);
    assert.match(report.problems.join(), /capulet\.example: .*broken\.pem holds no certificate/);
    const afterwards = await visit(fixture.directPort, { servername: "capulet.example" });
    assert.deepEqual(afterwards.certificateHash, seen.certificateHash);
  });
});

for (const version of ["TLSv1.2", "TLSv1.3"] as const)
  test(`a ticket of ${version} is worth nothing when its key is a day old [rfc7590-3.3-01]`, async () => {
    const options = { servername: "capulet.example", maxVersion: version } as const;
    const { session } = await visit(fixture.directPort, options);
    fixture.clock.ahead += ticketKeysMsMax - 10_000;
    const soon = await visit(fixture.rawPort, { ...options, session });
    assert.equal(soon.resumed, true, "on every port");
    fixture.clock.ahead += 10_000;
    const late = await visit(fixture.rawPort, { ...options, session });
    assert.equal(late.resumed, false);
    const again = await visit(fixture.directPort, { ...options, session: late.session });
    assert.equal(again.resumed, true, "with a ticket of the new key, on every port");
  });

async function reloadWithNewCertificate(name: string) {
  const { certificate, key } = await generateSelfSigned("capulet.example", Date.now());
  const files = { certificate: join(directory, `${name}.crt`), key: join(directory, `${name}.key`) };
  await writeFile(files.certificate, certificate);
  await writeFile(files.key, key);
  return fixture.certificates.reload({
    ...settings,
    sources: [{ domain: "montague.example" }, { domain: "capulet.example", ...files }],
  });
}

/** The names of the certificate that a client sees. */
async function connectOnly(port: number, servername: string): Promise<string | undefined> {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, servername });
  await once(socket, "data");
  const names = socket.getPeerX509Certificate()?.subjectAltName;
  socket.destroy();
  return names;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
