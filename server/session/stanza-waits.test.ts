import assert from "node:assert/strict";
import { test } from "node:test";
import { NS_SM } from "#protocol/xml/namespaces.ts";
import { on } from "#kit/events.ts";
import { sessionResumed, stanzaWaits } from "#kit/lifecycle.ts";
import { serverModule } from "#kit/server-module.ts";
import type { Session } from "#kit/session.ts";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { securedAfterMs } from "./owed-stanza.ts";

const juliet = "juliet@capulet.example";
const romeo = "romeo@montague.example";

interface Watched {
  readonly world: World;
  readonly juliet: ScriptedClient;
  readonly romeo: ScriptedClient;
  /** Ids of the stanzas that were said to wait, and "resumed". */
  readonly heard: readonly (string | undefined)[];
  readonly session: () => Session;
  readonly resumptionId: string;
}

async function watched(managed: boolean): Promise<Watched> {
  const heard: (string | undefined)[] = [];
  let last: Session | undefined;
  const watcher = serverModule({
    name: "watcher",
    implements: [],
    start: () => ({
      nonzas: [{ ns: "urn:example:me", name: "me", handle: (session) => (last = session) }],
      events: [
        on(stanzaWaits, ({ stanza }) => void heard.push(stanza.id)),
        on(sessionResumed, () => void heard.push("resumed")),
      ],
    }),
  });
  const world = await startWorld({ accounts: [juliet, romeo], modules: [...instantMessaging, watcher] });
  const clients = { juliet: await world.login(`${juliet}/balcony`), romeo: await world.login(`${romeo}/orchard`) };
  let resumptionId = "";
  if (managed) {
    await clients.juliet.sendText(`<enable xmlns='${NS_SM}' resume='true'/>`);
    resumptionId = clients.juliet.next().attr("id") ?? "";
  }
  await clients.juliet.sendText("<presence/><me xmlns='urn:example:me'/>");
  if (managed) await clients.juliet.sendText(`<a xmlns='${NS_SM}' h='1'/>`);
  clients.juliet.ignoreAll();
  return { world, heard, ...clients, session: () => last ?? assert.fail("nobody said who it is"), resumptionId };
}

const message = (id: string): string =>
  `<message to='${juliet}/balcony' type='chat' id='${id}'><body>x</body></message>`;

test("what a client leaves unacknowledged is said to wait, once, and the session is not responsive until it answers", async () => {
  const { world, heard, session, ...people } = await watched(true);
  await using _ = world;
  await people.romeo.sendText(message("1"));
  assert.deepEqual(heard, []);
  assert.ok(session().responsive);
  await world.advance(3 * securedAfterMs);
  assert.deepEqual(heard, ["1"]);
  assert.ok(session().connected && !session().responsive);
  await people.juliet.sendText(`<a xmlns='${NS_SM}' h='2'/>`);
  assert.ok(session().responsive);
  await people.juliet.cut();
  assert.deepEqual(heard, ["1"]);
});

test("what is owed when the stream is cut and what comes then is said to wait, once; the resumption is told", async () => {
  const { world, heard, session, resumptionId, ...people } = await watched(true);
  await using _ = world;
  await people.romeo.sendText(message("1"));
  await people.juliet.cut();
  assert.deepEqual(heard, ["1"]);
  await people.romeo.sendText(message("2") + message("3"));
  await world.advance(2 * securedAfterMs);
  assert.deepEqual(heard, ["1", "2", "3"]);
  assert.ok(!session().responsive);
  people.juliet.reconnect();
  await people.juliet.authenticate("juliet", "capulet.example", "juliet");
  await people.juliet.sendText(`<resume xmlns='${NS_SM}' previd='${resumptionId}' h='1'/>`);
  await people.juliet.sendText(`<a xmlns='${NS_SM}' h='4'/>`);
  assert.deepEqual(heard, ["1", "2", "3", "resumed"]);
  assert.ok(session().responsive);
});

test("what waits is not said again when the session ends without having been resumed", async () => {
  const { world, heard, ...people } = await watched(true);
  await using _ = world;
  await people.romeo.sendText(message("1"));
  await people.juliet.cut();
  await world.advance(601_000);
  assert.deepEqual(heard, ["1"]);
});

test("what a session owes that ends at once is said to wait", async () => {
  const { world, heard, ...people } = await watched(true);
  await using _ = world;
  await people.romeo.sendText(message("1"));
  await people.juliet.close();
  assert.deepEqual(heard, ["1"]);
});

test("without stream management, what the connection did not take is said to wait", async () => {
  const { world, heard, session, ...people } = await watched(false);
  await using _ = world;
  await people.romeo.sendText(`<enable xmlns='${NS_SM}'/>`);
  people.juliet.transport.stalled = true;
  await people.romeo.sendText(message("1"));
  assert.deepEqual(heard, []);
  assert.ok(session().responsive);
  await people.juliet.cut();
  assert.deepEqual(heard, ["1"]);
});
