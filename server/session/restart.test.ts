import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SocketClient } from "#testing/socket-client.ts";
import { startedServer, type StartedServer } from "#testing/started-server.ts";

const message = (id: string): string =>
  `<message to='juliet@capulet.example' type='chat' id='${id}'><body>${id}</body></message>`;

async function connect({ tlsPort }: StartedServer, user: string, domain: string): Promise<SocketClient> {
  const client = await SocketClient.tls(tlsPort, domain);
  await client.logIn(user, domain, user, "phone");
  return client;
}

/** Asks to go on with a session of which its own presence has come; the answer is next. */
async function resume(
  { tlsPort }: StartedServer,
  [user, domain]: readonly [user: string, domain: string],
  id: string | undefined,
): Promise<SocketClient> {
  const client = await SocketClient.tls(tlsPort, domain);
  for (const isAuthenticated of [false, true]) {
    client.open(domain);
    await client.until(/<\/stream:features>/);
    if (!isAuthenticated) await client.authenticate(user, user);
  }
  client.send(`<resume xmlns='urn:xmpp:sm:3' previd='${id}' h='1'/>`);
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
    using client = await resume(started, [user, domain], ids[index]);
    outcomes.push((await client.until(/<(resumed|failed)[^>]*>/))[1] ?? "");
    if (user === "juliet") await client.until(/<body>1<\/body>/);
  }
  assert.deepEqual(outcomes, ["resumed", "resumed"]);
});

test("on SQLite and real sockets, an account whose session hibernates sleeps, is woken by a message, sleeps again, and goes on [xep0198-5-13]", async () => {
  await using started = await startedServer("", { faster: 20 });
  const { registry } = started.server.core;
  const asleep = async (): Promise<void> => {
    for (const deadline = Date.now() + 30_000; [...registry.sleeping()].length === 0; await sleep(50))
      assert.ok(Date.now() < deadline, "it does not fall asleep");
  };
  using cut = await connect(started, "juliet", "capulet.example");
  cut.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
  const id = (await cut.until(/<enabled[^>]* id='([^']*)'/))[1];
  cut.send("<presence/>");
  await cut.until(/<presence[^>]*phone[^>]*>/);
  cut.socket.destroy();
  await asleep();
  using sender = await connect(started, "romeo", "montague.example");
  sender.send(`<enable xmlns='urn:xmpp:sm:3'/>${message("1")}<r xmlns='urn:xmpp:sm:3'/>`);
  await sender.until(/<a [^>]*h='1'/);
  assert.deepEqual([...registry.sleeping()], []);
  await asleep();
  assert.equal(registry.countSessions(), 2);
  using again = await resume(started, ["juliet", "capulet.example"], id);
  await again.until(/<resumed[^>]*>/);
  await again.until(/<body>1<\/body>/);
  assert.deepEqual([...registry.sleeping()], []);
});
