import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { SocketClient } from "#testing/socket-client.ts";
import { configOf, silentObserver, startedServer } from "#testing/started-server.ts";
import { startServer, type ServerOptions } from "./server.ts";

const NS_SM = "urn:xmpp:sm:3";
const chat = (id: string): string =>
  `<message to='juliet@capulet.example' type='chat' id='${id}'><body>${id}</body></message>`;

test("what was accepted before a stop is there after the restart: accounts, passwords, messages that wait", async () => {
  await using started = await startedServer();
  using romeo = await SocketClient.tls(started.tlsPort, "montague.example");
  await romeo.logIn("romeo", "montague.example", "romeo", "orchard");
  romeo.send(`<enable xmlns='${NS_SM}'/>${chat("1")}${chat("2")}<r xmlns='${NS_SM}'/>`);
  await romeo.until(/<a [^>]*h='2'/);
  romeo.send("</stream:stream>");
  await romeo.end();
  await started.restart();
  using juliet = await SocketClient.tls(started.tlsPort, "capulet.example");
  await juliet.logIn("juliet", "capulet.example", "juliet", "balcony");
  juliet.send("<presence/>");
  await juliet.until(/<body>1<\/body>.*<body>2<\/body>/s);
});

test("stopping tells every client why, keeps what they had not acknowledged, and leaves nothing open", async () => {
  await using started = await startedServer();
  using juliet = await SocketClient.tls(started.tlsPort, "capulet.example");
  await juliet.logIn("juliet", "capulet.example", "juliet", "balcony");
  juliet.send(`<enable xmlns='${NS_SM}' resume='true'/><presence/>`);
  await juliet.until(/<presence[^>]*>/);
  using negotiating = await SocketClient.tls(started.tlsPort, "capulet.example");
  negotiating.open("capulet.example");
  await negotiating.until(/<\/stream:features>/);
  using shaking = await SocketClient.tcp(started.tlsPort);
  using romeo = await SocketClient.tls(started.tlsPort, "montague.example");
  await romeo.logIn("romeo", "montague.example", "romeo", "orchard");
  romeo.send(chat("1"));
  await juliet.until(/<body>1<\/body>/);
  const stopping = started.restart();
  for (const client of [juliet, romeo, negotiating]) {
    await client.until(/<system-shutdown[^>]*>.*<\/stream:stream>/s);
    client.send("</stream:stream>");
    await client.end();
  }
  assert.equal(await shaking.end(), "");
  await stopping;
  assert.equal(started.server.connections.total, 0);
  using again = await SocketClient.tls(started.tlsPort, "capulet.example");
  await again.logIn("juliet", "capulet.example", "juliet", "balcony");
  again.send("<presence/>");
  await again.until(/<body>1<\/body>/);
});

test("who does not close in time is cut off when the server stops", async () => {
  await using started = await startedServer();
  using romeo = await SocketClient.tls(started.tlsPort, "montague.example");
  await romeo.logIn("romeo", "montague.example", "romeo", "orchard");
  await started.server.stop(50);
  assert.match(await romeo.end(), /<system-shutdown/);
  await started.restart();
});

test("a second server on the same data is refused with one clear message, and the first goes on", async () => {
  await using started = await startedServer();
  await assert.rejects(startServer(optionsFor(started.dataDir, 0)), {
    name: "StoreError",
    message: /another|locked|in use/i,
  });
  using romeo = await SocketClient.tls(started.tlsPort, "montague.example");
  await romeo.logIn("romeo", "montague.example", "romeo", "orchard");
});

test("a port that another program has is named, with what to do; what was opened is closed again", async () => {
  await using started = await startedServer();
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const dataDir = join(started.dataDir, "second");
  await mkdir(dataDir);
  await assert.rejects(startServer(optionsFor(dataDir, port)), {
    name: "ListenError",
    message: `cannot listen on 127.0.0.1:${port}: another program has this port; stop that program, or choose another port under [[listeners]]`,
  });
  other.close();
  await once(other, "close");
  const second = await startServer(optionsFor(dataDir, port));
  await second.stop(0);
});

test("new certificates are taken over while streams go on", async () => {
  await using started = await startedServer();
  using romeo = await SocketClient.tls(started.tlsPort, "montague.example");
  await romeo.logIn("romeo", "montague.example", "romeo", "orchard");
  const before = romeo.tls.getPeerCertificate().fingerprint256;
  await forgetCertificates(started.dataDir, "montague.example");
  const { certificates, problems } = await started.server.reload(started.config);
  assert.deepEqual({ certificates, problems }, { certificates: ["montague.example"], problems: [] });
  using next = await SocketClient.tls(started.tlsPort, "montague.example");
  assert.notEqual(next.tls.getPeerCertificate().fingerprint256, before);
  romeo.send(chat("1").replace("juliet@capulet.example", "romeo@montague.example/orchard"));
  await romeo.until(/<body>1<\/body>/);
});

function optionsFor(dataDir: string, port: number): ServerOptions {
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  return { config: configOf("", port), dataDir, log, observer: silentObserver };
}

function ignore(): void {}

/** A self-signed certificate that is gone is made anew. */
async function forgetCertificates(dataDir: string, domain: string): Promise<void> {
  const files = await readdir(dataDir, { recursive: true });
  const own = files.filter((file) => file.includes(domain));
  assert.ok(own.length > 0);
  for (const file of own) await rm(join(dataDir, file), { recursive: true, force: true });
}
