import assert from "node:assert/strict";
import { test } from "node:test";
import { SocketClient } from "#testing/socket-client.ts";
import { startedServer, type StartedServer } from "#testing/started-server.ts";

const message = (id: string): string =>
  `<message to='juliet@capulet.example' type='chat' id='${id}'><body>${id}</body></message>`;

async function connect({ tlsPort }: StartedServer, user: string, domain: string): Promise<SocketClient> {
  const client = await SocketClient.tls(tlsPort, domain);
  await client.logIn(user, domain, user, "phone");
  return client;
}

test("S8 on SQLite and real sockets, one session that is connected and one that is cut go on after a restart of the server [xep0198-5-13]", async () => {
  await using started = await startedServer();
  using connected = await connect(started, "romeo", "montague.example");
  const ids: string[] = [];
  using cut = await connect(started, "juliet", "capulet.example");
  for (const client of [connected, cut]) {
    client.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    ids.push((await client.until(/<enabled[^>]* id='([^']*)'/))[1] ?? "");
    client.send("<presence/>");
    await client.until(/<presence[^>]*phone[^>]*>/);
  }
  cut.socket.destroy();
  connected.send(`${message("1")}<r xmlns='urn:xmpp:sm:3'/>`);
  await connected.until(/<a [^>]*h='2'/);
  await started.restart();
  assert.match(connected.pending, /system-shutdown/);
  const outcomes: string[] = [];
  for (const [index, [user, domain]] of [
    ["romeo", "montague.example"] as const,
    ["juliet", "capulet.example"] as const,
  ].entries()) {
    using client = await SocketClient.tls(started.tlsPort, domain);
    client.open(domain);
    await client.until(/<\/stream:features>/);
    await client.authenticate(user, user);
    client.open(domain);
    await client.until(/<\/stream:features>/);
    client.send(`<resume xmlns='urn:xmpp:sm:3' previd='${ids[index]}' h='1'/>`);
    outcomes.push((await client.until(/<(resumed|failed)[^>]*>/))[1] ?? "");
    if (user === "juliet") await client.until(/<body>1<\/body>/);
  }
  assert.deepEqual(outcomes, ["resumed", "resumed"]);
});
