import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { connect, createServer as createTlsServer, type Server } from "node:tls";
import { generateSelfSigned } from "./self-signed.ts";
import { acmeTlsProtocol, SharedChallenges } from "./shared-challenges.ts";

async function tlsServer(domain: string, protocol: string): Promise<Server> {
  const { certificate, key } = await generateSelfSigned(domain, Date.now());
  return createTlsServer({ cert: certificate, key, ALPNProtocols: [protocol] }, (socket) => {
    socket.on("error", () => {});
    socket.end(domain);
  }).on("tlsClientError", (_, socket) => void socket.destroy());
}

interface Place {
  readonly port: number;
  readonly challenges: SharedChallenges;
  readonly ours: Server;
  readonly authority: Server;
}

async function withPort(run: (place: Place) => Promise<void>): Promise<void> {
  const challenges = new SharedChallenges();
  const ours = await tlsServer("ours.example", "xmpp-client");
  const authority = await tlsServer("challenge.example", acmeTlsProtocol);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    challenges.sort(socket, () => void ours.emit("connection", socket));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await run({ port, challenges, ours, authority });
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

async function shake(port: number, protocol: string): Promise<string | undefined> {
  const options = {
    port,
    host: "127.0.0.1",
    servername: "x.example",
    ALPNProtocols: [protocol],
    rejectUnauthorized: false,
  };
  const socket = connect(options);
  try {
    await once(socket, "secureConnect");
    return socket.getPeerX509Certificate()?.subjectAltName;
  } finally {
    socket.destroy();
  }
}

test("the authority is told from clients by what it says first, and only while it is expected", () =>
  withPort(async ({ port, challenges, authority }) => {
    assert.equal(await shake(port, "xmpp-client"), "DNS:ours.example");
    await assert.rejects(shake(port, acmeTlsProtocol));
    {
      using _expected = challenges.expect(authority);
      assert.equal(await shake(port, acmeTlsProtocol), "DNS:challenge.example");
      assert.equal(await shake(port, "xmpp-client"), "DNS:ours.example");
    }
    await assert.rejects(shake(port, acmeTlsProtocol));
  }));

test("a hello that comes byte by byte, or is none, goes to us while the authority is expected", () =>
  withPort(async ({ port, challenges, ours, authority }) => {
    using _expected = challenges.expect(authority);
    for (const bytes of ["\u0016\u0003\u0001\u0000\u0004junk", "<stream:stream>"]) {
      const arrived = once(ours, "connection");
      const socket = connectTcp(port, "127.0.0.1");
      socket.on("error", () => {});
      for (const byte of bytes) {
        socket.write(byte, "latin1");
        await new Promise<void>((resolve) => void setImmediate(resolve));
      }
      await arrived;
      socket.destroy();
    }
    assert.equal(await shake(port, "xmpp-client"), "DNS:ours.example");
  }));
