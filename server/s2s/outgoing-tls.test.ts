import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import { createSecureContext, TLSSocket } from "node:tls";
import { parseConfig } from "#server/config/load-config.ts";
import { serverModules } from "#server/modules.generated.ts";
import { keyPem, makeCertificate } from "#testing/certificates.ts";
import { SocketClient } from "#testing/socket-client.ts";
import { startedServer } from "#testing/started-server.ts";

/** Plays capulet.example to a started montague.example, from the moment that it is connected to. */
async function playing(peer: (socket: Socket) => Promise<void>, more = "") {
  const ended: Promise<void>[] = [];
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    ended.push(peer(socket));
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const place = listener.address();
  assert.ok(typeof place === "object" && place !== null);
  const listeners = ["client-direct-tls"].map(
    (kind) => `[[listeners]]\nkind = "${kind}"\naddresses = ["127.0.0.1"]\nport = 0\n`,
  );
  const text = `[s2s]\nauthorities = "none"\n${more}[[s2s.routes]]\ndomain = "capulet.example"\nhost = "127.0.0.1"\nport = ${place.port}\n[[hosts]]\ndomain = "montague.example"\n${listeners.join("")}`;
  const started = await startedServer("", {
    config: parseConfig({ file: undefined, text }, serverModules),
    accounts: ["romeo@montague.example"],
  });
  const romeo = await SocketClient.tls(started.tlsPort, "montague.example", { ALPNProtocols: ["xmpp-client"] });
  await romeo.logIn("romeo", "montague.example", "romeo", "orchard");
  return {
    romeo,
    ended,
    [Symbol.asyncDispose]: async () => {
      romeo.socket.destroy();
      for (const socket of sockets) socket.destroy();
      listener.close();
      await started[Symbol.asyncDispose]();
    },
  };
}

/** Reads until what came holds the pattern; gives all of it. */
async function reading(socket: Socket, pattern: RegExp): Promise<string> {
  let text = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (pattern.test(text)) return text;
  }
  throw new Error(`the connection ended after ${text}`);
}

const header =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' xmlns:stream='http://etherx.jabber.org/streams' from='capulet.example' to='montague.example' id='s1' version='1.0'>";
const startTls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>";
const proceed = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const injected =
  "<stream:features><dialback xmlns='urn:xmpp:features:dialback'/></stream:features><message from='nurse@capulet.example' to='romeo@montague.example'><body>injected</body></message>";
const question = "<message to='juliet@capulet.example'><body>one</body></message>";

async function context() {
  const made = await makeCertificate({ subject: "CN=capulet.example", names: { dns: ["capulet.example"] } });
  return createSecureContext({ cert: made.pem, key: await keyPem(made) });
}

test("A21 what another server sends in the clear behind its word that TLS may begin is thrown away", async () => {
  const secureContext = await context();
  const heard = Promise.withResolvers<string>();
  await using scene = await playing(async (socket) => {
    await reading(socket, /<stream:stream[^>]*>/);
    socket.write(`${header}<stream:features>${startTls}</stream:features>`);
    await reading(socket, /<starttls/);
    // In one packet, so that it is in the same read.
    socket.write(proceed + injected);
    const secured = new TLSSocket(socket, { isServer: true, secureContext });
    secured.on("error", heard.reject);
    heard.resolve(await reading(secured, /<stream:stream[^>]*>/));
  });
  scene.romeo.send(question);
  const first = await heard.promise;
  // The stream begins anew, and nothing that came before counts: no dialback key is sent.
  assert.match(first, /^<\?xml[^>]*><stream:stream[^>]*from='montague\.example'[^>]*>$/);
  assert.doesNotMatch(scene.romeo.pending, /injected/);
});

test("A22 a server without TLS is not talked to, whatever else it offers", async () => {
  const sent = Promise.withResolvers<string>();
  await using scene = await playing(async (socket) => {
    await reading(socket, /<stream:stream[^>]*>/);
    socket.write(`${header}<stream:features><dialback xmlns='urn:xmpp:features:dialback'/></stream:features>`);
    sent.resolve(await reading(socket, /<\/stream:stream>|<starttls/));
    socket.end("</stream:stream>");
  });
  scene.romeo.send(question);
  const text = await sent.promise;
  assert.doesNotMatch(text, /<db:|<message/);
  await scene.romeo.until(/type='error'.*<remote-server-timeout/);
});
