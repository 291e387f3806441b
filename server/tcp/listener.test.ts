import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { after, before, test } from "node:test";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { SocketClient } from "#testing/socket-client.ts";
import { startedServer, type StartedServer } from "#testing/started-server.ts";

const startTls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const ping = "<iq type='get' id='p' to='montague.example'><ping xmlns='urn:xmpp:ping'/></iq>";
let started: StartedServer;

before(async () => {
  started = await startedServer();
});
after(() => started[Symbol.asyncDispose]());

async function proceeded(domain: string, behind = ""): Promise<SocketClient> {
  const client = await SocketClient.tcp(started.port);
  client.open(domain);
  await client.until(/<\/stream:features>/);
  client.send(startTls + behind);
  await client.until(/<proceed[^>]*>/);
  return client;
}

test("where TLS is required it is all that is offered, and nothing else is served", async () => {
  using client = await SocketClient.tcp(started.port);
  client.open("montague.example");
  const [features] = await client.until(/<stream:features>.*<\/stream:features>/s);
  assert.match(features, /^<stream:features><starttls [^>]*><required\/><\/starttls><\/stream:features>$/);
  client.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AHJvbWVvAHJvbWVv</auth>");
  await client.until(/<failure[^>]*><encryption-required\/>/);
});

test("a client upgrades with STARTTLS, is shown a certificate, logs in and is served [rfc6120-5.4.3.1-01] [rfc6120-5.4.3.1-03] [rfc6120-5.4.3.1-08]", async () => {
  using client = await proceeded("montague.example");
  await client.startTls("montague.example");
  assert.match(client.tls.getPeerCertificate().subjectaltname ?? "", /DNS:montague\.example/);
  await client.logIn("romeo", "montague.example", "romeo", "orchard");
  client.send(ping);
  await client.until(/<iq[^>]* id='p'[^>]*type='result'|<iq[^>]*type='result'[^>]* id='p'/);
  assert.equal(client.tls.getProtocol(), "TLSv1.3");
});

test("A21 what was sent in the clear behind the request for TLS is thrown away, and not read as if it were protected", async () => {
  const injected = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AHJvbWVvAHJvbWVv</auth>${ping}`;
  const client = await SocketClient.tcp(started.port);
  using _ = client;
  client.open("montague.example");
  await client.until(/<\/stream:features>/);
  client.send(startTls + injected);
  await client.until(/<proceed[^>]*>/);
  await client.startTls("montague.example");
  client.open("montague.example");
  await client.until(/<\/stream:features>/);
  client.send("</stream:stream>");
  assert.equal((await client.end()).trim(), "</stream:stream>", "neither success nor an answer");
});

for (const domain of ["montague.example", "capulet.example"])
  test(`direct TLS shows the certificate of ${domain} to who asks for it`, async () => {
    using client = await SocketClient.tls(started.tlsPort, domain, { ALPNProtocols: ["xmpp-client"] });
    const { subjectaltname } = client.tls.getPeerCertificate();
    assert.match(subjectaltname ?? "", new RegExp(`DNS:${domain}`));
    assert.equal(client.tls.alpnProtocol, "xmpp-client");
    const [user = ""] = domain.startsWith("m") ? ["romeo"] : ["juliet"];
    await client.logIn(user, domain, user, "here");
  });

for (const domain of ["montague.example", "capulet.example"])
  test(`STARTTLS shows the certificate of ${domain} to a client that only its stream's header tells of it [rfc6120-5.4.3.1-05]`, async () => {
    using client = await proceeded(domain);
    await client.startTls("");
    assert.equal(client.tls.getPeerCertificate().subjectaltname, `DNS:${domain}`);
  });

test("STARTTLS shows the certificate of the host that the client names", async () => {
  using client = await proceeded("capulet.example");
  await client.startTls("capulet.example");
  assert.match(client.tls.getPeerCertificate().subjectaltname ?? "", /DNS:capulet\.example/);
});

const refused: readonly (readonly [name: string, options: ConnectionOptions, code: RegExp])[] = [
  [
    "TLS 1.1",
    { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" },
    /ALERT|PROTOCOL|EPROTO|ECONNRESET/,
  ],
  ["another protocol (ALPN)", { ALPNProtocols: ["http/1.1"] }, /ALERT|ECONNRESET/],
];
for (const [name, options, code] of refused)
  test(`${name} is refused, and the server goes on`, async () => {
    await assert.rejects(
      SocketClient.tls(started.tlsPort, "montague.example", options),
      (error: NodeJS.ErrnoException) => code.test(error.code ?? ""),
    );
    using next = await SocketClient.tls(started.tlsPort, "montague.example");
    next.open("montague.example");
    await next.until(/<\/stream:features>/);
  });

test("what is no TLS on the port for TLS ends the connection, and nobody else's", async () => {
  using client = await SocketClient.tcp(started.tlsPort);
  client.open("montague.example");
  await client.end();
  using next = await SocketClient.tls(started.tlsPort, "montague.example");
  next.open("montague.example");
  await next.until(/<\/stream:features>/);
});

test("a connection that breaks in the middle of its handshake is forgotten", async () => {
  for (const client of [await proceeded("montague.example"), await SocketClient.tcp(started.tlsPort)])
    client[Symbol.dispose]();
  using last = await SocketClient.tls(started.tlsPort, "montague.example");
  await last.logIn("romeo", "montague.example", "romeo", "last");
  await goneButFor(1);
});

test("a handshake that fails ends the connection, without a word [rfc6120-5.4.3.2-01] [rfc6120-5.4.3.2-02]", async () => {
  using client = await proceeded("montague.example");
  client.send("<stream:stream>this is no TLS</stream:stream>");
  assert.doesNotMatch(await client.end(), /stream/);
});

/** A connection that notes the type of each record of TLS that comes in (RFC 5246 §6.2.1). */
function watched(raw: Socket, types: number[]): Duplex {
  let rest = Buffer.alloc(0);
  const socket = new Duplex({
    read: () => undefined,
    write: (bytes: Buffer, _encoding, done) => void raw.write(bytes, done),
    final: (done) => void raw.end(done),
  });
  raw.on("data", (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt16BE(3)) {
      types.push(rest.readUInt8(0));
      rest = rest.subarray(5 + rest.readUInt16BE(3));
    }
    socket.push(bytes);
  });
  raw.on("end", () => socket.push(null));
  return socket;
}

test("after STARTTLS all is TLS, and close_notify ends it before the connection ends [rfc6120-4.4-02] [rfc6120-5.4.3.1-08]", async () => {
  const client = await proceeded("montague.example");
  const raw = client.socket;
  raw.removeAllListeners("data");
  const types: number[] = [];
  const socket = watched(raw, types);
  const secured = connectTls({
    socket,
    servername: "montague.example",
    rejectUnauthorized: false,
    maxVersion: "TLSv1.2",
  });
  await once(secured, "secureConnect");
  secured.write(
    "<stream:stream to='montague.example' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'></stream:stream>",
  );
  secured.resume();
  await once(secured, "end");
  const [changeCipherSpec, alert, handshake, applicationData] = [20, 21, 22, 23];
  assert.equal(types.at(-1), alert);
  assert.ok(types.includes(applicationData));
  assert.ok(types.every((type) => [changeCipherSpec, alert, handshake, applicationData].includes(type)));
  secured.end();
  await once(raw, "close");
});

test("a client that closes its stream gets the closing tag and the end of the connection", async () => {
  using client = await SocketClient.tls(started.tlsPort, "montague.example");
  await client.logIn("romeo", "montague.example", "romeo", "orchard");
  client.send(`${ping}</stream:stream>`);
  assert.match(await client.end(), /<\/stream:stream>$/);
});

test("a message written byte by byte arrives whole", async () => {
  using client = await SocketClient.tls(started.tlsPort, "montague.example");
  await client.logIn("romeo", "montague.example", "romeo", "orchard");
  const bytes = Buffer.from("<message to='romeo@montague.example/orchard'><body>Hört ❤</body></message>");
  for (const byte of bytes) client.socket.write(Uint8Array.of(byte));
  await client.until(/<body>Hört ❤<\/body>/);
});

/** Waits until no more connections are open than these. */
async function goneButFor(count: number): Promise<void> {
  for (let turn = 0; started.server.connections.total > count; turn += 1) {
    assert.ok(turn < 100, `${started.server.connections.total} connections are open`);
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
}
