import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect as connectTcp, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import type { DomainJid } from "#protocol/jid/jid.ts";
import { keyPem, makeAuthority, makeCertificate, type Made } from "#testing/certificates.ts";
import { domainJid } from "#testing/addresses.ts";
import { nodeEnv } from "../node-env.ts";
import { CertificateStore } from "./certificate-store.ts";
import { PeerContexts, peerChannel, startPeerTls } from "./peer-tls.ts";
import { PeerTlsServers } from "./peer-tls-servers.ts";
import type { StartTlsServer } from "./start-tls-server.ts";

/** Certificates of each host, as they are sent: its own, and one between it and its authority. */
interface Sent {
  readonly leaf: Made;
  readonly between: Made;
}

let directory: string;
let certificates: CertificateStore;
let contexts: PeerContexts;
let servers: { readonly raw: Server; readonly direct: Server; readonly starting: readonly StartTlsServer[] };
const sent = new Map<string, Sent>();
const failures: string[] = [];
/** A test that fails leaves its sockets here. */
const open = new Set<Socket>();
const accepted: ((socket: TLSSocket) => void)[] = [];

const montague = domainJid("montague.example");
const capulet = domainJid("capulet.example");

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "balcony-peer-tls-"));
  const root = await makeAuthority("CN=root");
  const between = await makeAuthority("CN=between", root);
  const settings = {
    sources: await Promise.all([montague, capulet].map((domain) => hostFiles(domain, between))),
    minVersion: "1.2" as const,
    acceptUnsuitable: false,
  };
  certificates = await CertificateStore.open(settings, { dataDir: directory, now: Date.now });
  contexts = new PeerContexts(certificates);
  const tls = new PeerTlsServers({
    certificates,
    contexts,
    handshakeSecondsMax: 5,
    handshakeFailed: (code) => failures.push(code),
  });
  const [direct, starting] = [tls.directServer(), tls.startTlsServer()];
  const listener = (handshakes: StartTlsServer, domain?: string): Server =>
    createServer((socket) => {
      open.add(socket);
      socket.on("error", () => {});
      handshakes.upgrade(socket, domain, (secured) => {
        secured?.on("error", () => {});
        if (secured !== undefined) accepted.shift()?.(secured);
      });
    });
  servers = { raw: listener(starting, capulet), direct: listener(direct), starting: [direct, starting] };
  for (const server of [servers.raw, servers.direct]) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  }
});

after(async () => {
  for (const socket of open) socket.destroy();
  servers.raw.close();
  servers.direct.close();
  for (const starting of servers.starting) starting.close();
  await rm(directory, { recursive: true });
});

async function hostFiles(domain: string, between: Made) {
  const leaf = await makeCertificate({ subject: `CN=${domain}`, issuer: between, names: { dns: [domain] } });
  sent.set(domain, { leaf, between });
  const [certificate, key] = [join(directory, `${domain}.crt`), join(directory, `${domain}.key`)];
  await writeFile(certificate, leaf.pem + between.pem);
  await writeFile(key, await keyPem(leaf));
  return { domain, certificate, key };
}

interface Handshake {
  readonly local: DomainJid;
  readonly remote: DomainJid;
  readonly direct: boolean;
}

/** Both ends of a connection between two hosts, after the handshake. */
async function shake(handshake: Handshake) {
  const raw = await plainSocket(handshake.direct);
  const incoming = Promise.withResolvers<TLSSocket>();
  accepted.push(incoming.resolve);
  const outgoing = Promise.withResolvers<TLSSocket | undefined>();
  startPeerTls(raw, handshake, parts, outgoing.resolve);
  const [client, server] = [await outgoing.promise, await incoming.promise];
  assert.ok(client !== undefined);
  client.on("error", () => {});
  return { client, server };
}

const parts = {
  get contexts() {
    return contexts;
  },
  handshakeMsMax: 20_000,
  env: nodeEnv(),
  handshakeFailed: (code: string) => void failures.push(code),
};

async function plainSocket(direct: boolean): Promise<Socket> {
  const address = (direct ? servers.direct : servers.raw).address();
  assert.ok(typeof address === "object" && address !== null);
  const raw = connectTcp(address.port, "127.0.0.1");
  await once(raw, "connect");
  return raw;
}

function chainOf(socket: TLSSocket): readonly string[] {
  return (peerChannel(socket).peerChain ?? []).map((der) => Buffer.from(der).toString("hex"));
}

function hexOf(domain: string): readonly string[] {
  const { leaf, between } = sent.get(domain) ?? assert.fail(`nothing was made for ${domain}`);
  return [leaf, between].map(({ der }) => Buffer.from(der).toString("hex"));
}

for (const direct of [false, true]) {
  const how = direct ? "direct TLS" : "STARTTLS";
  test(`tls: with ${how} both servers see the other's certificates, whoever issued them [xep0368-3-05]`, async () => {
    const { client, server } = await shake({ local: montague, remote: capulet, direct });
    assert.deepEqual(chainOf(client), hexOf(capulet));
    assert.deepEqual(chainOf(server), hexOf(montague));
    client.destroy();
  });

  test(`tls: with ${how} the domain is named in the handshake [xep0368-3-07] [rfc7673-4.1-02]`, async () => {
    const { client, server } = await shake({ local: montague, remote: capulet, direct });
    assert.equal(server.servername, capulet);
    client.destroy();
  });
}

test("tls: a domain beyond ASCII is named as DNS has it", async () => {
  const { client, server } = await shake({ local: montague, remote: domainJid("pfüe.example"), direct: true });
  assert.equal(server.servername, "xn--pfe-ioa.example");
  client.destroy();
});

test("tls: a domain that is an address is not named, and shown the certificate of the stream's host", async () => {
  const { client, server } = await shake({ local: montague, remote: domainJid("192.0.2.1"), direct: false });
  assert.equal(server.servername, false);
  assert.deepEqual(chainOf(client), hexOf(capulet));
  client.destroy();
});

test("tls: direct TLS says that it is for servers; after STARTTLS nothing is said [xep0368-3-08] [xep0368-3-10]", async () => {
  const direct = await shake({ local: montague, remote: capulet, direct: true });
  assert.equal(direct.client.alpnProtocol, "xmpp-server");
  const started = await shake({ local: montague, remote: capulet, direct: false });
  assert.equal(started.client.alpnProtocol, false);
  direct.client.destroy();
  started.client.destroy();
});

test("tls: what is below a host, such as a component, shows the host's certificate, on both sides", async () => {
  const rooms = domainJid("rooms.capulet.example");
  const incoming = await shake({ local: montague, remote: rooms, direct: true });
  assert.deepEqual(chainOf(incoming.client), hexOf(capulet));
  const outgoing = await shake({ local: rooms, remote: montague, direct: true });
  assert.deepEqual(chainOf(outgoing.server), hexOf(capulet));
  for (const { client } of [incoming, outgoing]) client.destroy();
});

test("tls: who says that it is a client is not let in where servers are expected", async () => {
  failures.length = 0;
  const raw = await plainSocket(true);
  const client = connect({ socket: raw, rejectUnauthorized: false, ALPNProtocols: ["xmpp-client"] });
  await assert.rejects(once(client, "secureConnect"), /no application protocol/i);
  client.destroy();
});

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`tls: no session is taken up again between servers, so that the whole chain is there each time (${version})`, async () => {
    const { leaf, between } = sent.get(montague) ?? assert.fail();
    const options: ConnectionOptions = {
      cert: leaf.pem + between.pem,
      key: await keyPem(leaf),
      servername: capulet,
      rejectUnauthorized: false,
      minVersion: version,
      maxVersion: version,
    };
    let session: Buffer | undefined;
    for (let i = 0; i < 3; i += 1) {
      const incoming = Promise.withResolvers<TLSSocket>();
      accepted.push(incoming.resolve);
      const client = connect({ ...options, socket: await plainSocket(false), ...(session && { session }) });
      client.on("session", (ticket: Buffer) => {
        session = ticket;
      });
      await once(client, "secureConnect");
      const server = await incoming.promise;
      // Room for a ticket to come.
      server.write("hello");
      await once(client, "data");
      assert.equal(client.isSessionReused() || server.isSessionReused(), false);
      assert.deepEqual(chainOf(server), hexOf(montague));
      session ??= client.getSession();
      client.destroy();
    }
    assert.ok(session !== undefined);
  });
}

test("tls: who shows no certificate is let in, to be judged by other means", async () => {
  const incoming = Promise.withResolvers<TLSSocket>();
  accepted.push(incoming.resolve);
  const client = connect({ socket: await plainSocket(false), rejectUnauthorized: false, servername: capulet });
  assert.deepEqual(peerChannel(await incoming.promise).peerChain, []);
  client.destroy();
});

test("tls: a connection that is gone has shown no certificates", async () => {
  const { client, server } = await shake({ local: montague, remote: capulet, direct: false });
  const channel = peerChannel(server);
  assert.equal(channel.peerChain?.length, 2);
  server.destroy();
  client.destroy();
  await once(server, "close");
  assert.deepEqual(channel.peerChain, []);
});

test("tls: a server that says nothing is given up in time", async () => {
  const silent = createServer((socket) => void socket.on("error", () => {}));
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const address = silent.address();
  assert.ok(typeof address === "object" && address !== null);
  const raw = connectTcp(address.port, "127.0.0.1");
  await once(raw, "connect");
  failures.length = 0;
  const outcome = Promise.withResolvers<TLSSocket | undefined>();
  startPeerTls(
    raw,
    { local: montague, remote: capulet, direct: false },
    { ...parts, contexts, handshakeMsMax: 300 },
    outcome.resolve,
  );
  assert.equal(await outcome.promise, undefined);
  assert.deepEqual(failures, ["timeout"]);
  assert.ok(raw.destroyed);
  silent.close();
});

test("tls: a server that answers anything but TLS is given up, once", async () => {
  const rude = createServer((socket) => {
    socket.on("error", () => {});
    socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  rude.listen(0, "127.0.0.1");
  await once(rude, "listening");
  const address = rude.address();
  assert.ok(typeof address === "object" && address !== null);
  const raw = connectTcp(address.port, "127.0.0.1");
  await once(raw, "connect");
  failures.length = 0;
  const outcome = Promise.withResolvers<TLSSocket | undefined>();
  startPeerTls(raw, { local: montague, remote: capulet, direct: true }, parts, outcome.resolve);
  assert.equal(await outcome.promise, undefined);
  assert.equal(failures.length, 1);
  rude.close();
});

test("tls: a reload of certificates is seen by the next connection, on both sides", async () => {
  const fresh = await makeAuthority("CN=fresh");
  const sources = await Promise.all([montague, capulet].map((domain) => hostFiles(domain, fresh)));
  await certificates.reload({ sources, minVersion: "1.2", acceptUnsuitable: false });
  const { client, server } = await shake({ local: montague, remote: capulet, direct: false });
  const [first] = hexOf(capulet);
  assert.equal(chainOf(client)[0], first);
  assert.equal(chainOf(server)[0], hexOf(montague)[0]);
  client.destroy();
});
