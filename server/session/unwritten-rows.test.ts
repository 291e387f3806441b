import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const NS_SM = "urn:xmpp:sm:3";
const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const accounts = [romeo, juliet];
const bodies = (client: ScriptedClient): readonly string[] =>
  client.pending.flatMap((stanza) => stanza.child("jabber:client", "body")?.text ?? []);
const message = `<message to='${juliet}' type='chat' id='1'><body>1</body></message>`;

async function rows(world: World): Promise<number> {
  const reading = world.store.page("offline", juliet, { max: 100, direction: "forward" });
  await world.settle();
  const page = await reading;
  return page.found ? page.rows.length : -1;
}

/** Without an archive, which would give messages their names. */
async function start(): Promise<World> {
  return startWorld({ accounts, options: { "archive.default": "never" } });
}

/** Juliet's client takes its time with a message, and the row that was written of it counts as not written. */
async function withRowUnknown(world: World): Promise<ScriptedClient> {
  const client = await world.login(`${juliet}/balcony`);
  await client.sendText(`<enable xmlns='${NS_SM}' resume='true'/>`);
  client.ignoreAll();
  await client.sendText("<presence/>");
  const sender = await world.login(`${romeo}/orchard`);
  await sender.sendText(message);
  world.faults.failCommits("unavailable", true);
  await world.advance(2_500);
  assert.deepEqual(bodies(client), ["1"]);
  assert.equal(await rows(world), 1);
  world.faults.failCommits(undefined);
  return client;
}

test("a row that failed and is there all the same is the one that is written again: the message is stored once", async () => {
  await using world = await start();
  const client = await withRowUnknown(world);
  await world.advance(5_000);
  assert.equal(await rows(world), 1);
  await client.sendText(`<a xmlns='${NS_SM}' h='2'/>`);
  assert.equal(await rows(world), 0);
});

test("a row that failed and is there all the same is gone when its client has the message, and nobody gets it again", async () => {
  await using world = await start();
  const client = await withRowUnknown(world);
  await client.sendText(`<a xmlns='${NS_SM}' h='2'/>`);
  client.ignoreAll();
  await client.sendText("<presence type='unavailable'/><presence/>");
  assert.deepEqual(bodies(client), []);
  assert.equal(await rows(world), 0);
});

test("a message that was given back as it could not be kept does not come, though it was kept all the same", async () => {
  await using world = await start();
  const sender = await world.login(`${romeo}/orchard`);
  world.faults.failCommits("unavailable", true);
  await sender.sendText(message);
  assert.deepEqual(
    sender.pending.map((stanza) => `${stanza.name} ${stanza.attr("type")}`),
    ["message error"],
  );
  assert.equal(await rows(world), 1);
  world.faults.failCommits(undefined);
  const client = await world.login(`${juliet}/balcony`);
  await client.sendText("<presence/>");
  assert.deepEqual(bodies(client), []);
  assert.equal(await rows(world), 0);
});
