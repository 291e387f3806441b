import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { offlineRows, rowsAndCount } from "#testing/scenario/stored-rows.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const NS_SM = "urn:xmpp:sm:3";
const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const accounts = [romeo, juliet];
const bodies = (client: ScriptedClient): readonly string[] =>
  client.pending.flatMap((stanza) => stanza.child("jabber:client", "body")?.text ?? []);
const message = `<message to='${juliet}' type='chat' id='1'><body>1</body></message>`;

/** The client says that it has all that it was sent: so many stanzas, and those that it has not looked at. */
async function acknowledgeAll(client: ScriptedClient, looked = 0): Promise<void> {
  const sent = client.pending.filter(({ name }) => ["iq", "message", "presence"].includes(name));
  await client.sendText(`<a xmlns='${NS_SM}' h='${looked + sent.length}'/>`);
}

/** Juliet has two devices with stream management. */
async function twoDevices(world: World): Promise<readonly [ScriptedClient, ScriptedClient]> {
  const [one, other] = [await world.login(`${juliet}/balcony`), await world.login(`${juliet}/chamber`)];
  for (const client of [one, other]) await client.sendText(`<enable xmlns='${NS_SM}' resume='true'/><presence/>`);
  return [one, other];
}

/** Without an archive, which would give messages their names. */
async function start(max = 1_000): Promise<World> {
  return startWorld({ accounts, options: { "archive.default": "never", "messages.offline_messages_max": max } });
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
  assert.equal(await offlineRows(world, juliet), 1);
  world.faults.failCommits(undefined);
  return client;
}

test("a row that failed and is there all the same is the one that is written again: the message is stored once", async () => {
  await using world = await start();
  const client = await withRowUnknown(world);
  await world.advance(5_000);
  assert.equal(await offlineRows(world, juliet), 1);
  await client.sendText(`<a xmlns='${NS_SM}' h='2'/>`);
  assert.equal(await offlineRows(world, juliet), 0);
});

test("a row that failed and is there all the same is gone when its client has the message, and nobody gets it again", async () => {
  await using world = await start();
  const client = await withRowUnknown(world);
  await client.sendText(`<a xmlns='${NS_SM}' h='2'/>`);
  client.ignoreAll();
  await client.sendText("<presence type='unavailable'/><presence/>");
  assert.deepEqual(bodies(client), []);
  assert.equal(await offlineRows(world, juliet), 0);
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
  assert.equal(await offlineRows(world, juliet), 1);
  world.faults.failCommits(undefined);
  const client = await world.login(`${juliet}/balcony`);
  await client.sendText("<presence/>");
  assert.deepEqual(bodies(client), []);
  assert.equal(await offlineRows(world, juliet), 0);
});

test("a row that is there though it failed, and cannot be removed, is sent to nobody: its session has the message", async () => {
  await using world = await start();
  const client = await withRowUnknown(world);
  world.faults.failCommits("unavailable");
  client.ignoreAll();
  await client.sendText("<presence type='unavailable'/><presence/>");
  const other = await world.login(`${juliet}/chamber`);
  await other.sendText("<presence/>");
  assert.deepEqual([...bodies(client), ...bodies(other)], []);
  world.faults.failCommits(undefined);
  await world.advance(5_000);
  assert.deepEqual(await rowsAndCount(world, juliet), [1, 1], "it is written again");
  await acknowledgeAll(client, 2);
  assert.deepEqual(await rowsAndCount(world, juliet), [0, 0]);
});

test("a message that went back, and is there though it failed, is sent to nobody while it cannot be removed", async () => {
  await using world = await start();
  const sender = await world.login(`${romeo}/orchard`);
  world.faults.failCommits("unavailable", true);
  await sender.sendText(message);
  world.faults.failCommits("unavailable");
  const client = await world.login(`${juliet}/balcony`);
  await client.sendText("<presence/>");
  assert.deepEqual(bodies(client), []);
  assert.equal(await offlineRows(world, juliet), 1);
  world.faults.failCommits(undefined);
  await client.sendText("<presence type='unavailable'/><presence/>");
  assert.deepEqual(bodies(client), []);
  assert.deepEqual(await rowsAndCount(world, juliet), [0, 0]);
});

test("a row that is there though it failed waits for the next one when its session ends, as one row", async () => {
  await using world = await start();
  const client = await withRowUnknown(world);
  await client.sendText("</stream:stream>");
  assert.deepEqual(await rowsAndCount(world, juliet), [1, 1]);
  const other = await world.login(`${juliet}/chamber`);
  await other.sendText("<presence/>");
  assert.deepEqual(bodies(other), ["1"]);
  await other.sendText("</stream:stream>");
  assert.deepEqual(await rowsAndCount(world, juliet), [0, 0]);
});

for (const answerLost of [false, true])
  test(`what two devices owe, and neither batch could write${answerLost ? " though both did" : ""}, takes nobody's place`, async () => {
    await using world = await start(1);
    const sender = await world.login(`${romeo}/orchard`);
    // The store has been used before.
    await sender.sendText(message);
    const devices = [];
    for (const resource of ["balcony", "chamber"]) {
      const client = await world.login(`${juliet}/${resource}`);
      await client.sendText(`<enable xmlns='${NS_SM}' resume='true'/>`);
      await client.sendText("<presence/>");
      await acknowledgeAll(client);
      devices.push(client);
    }
    assert.deepEqual(await rowsAndCount(world, juliet), [0, 0]);
    await sender.sendText(message);
    world.faults.failCommits("unavailable", answerLost);
    // Both are under way at once.
    world.slowDisc(100);
    await world.advance(2_700);
    world.slowDisc(0);
    world.faults.failCommits(undefined);
    for (const client of devices) await acknowledgeAll(client);
    await sender.sendText(`<message to='${juliet}' type='chat' id='2'><body>2</body></message>`);
    for (const client of devices) await client.sendText("</stream:stream>");
    sender.receivesNothing();
    await world.advance(120_000);
    assert.deepEqual(await rowsAndCount(world, juliet), [1, 1], "only the second one waits");
  });

test("a row that one device's client has, and the other's batch could not write again, goes to nobody else", async () => {
  await using world = await start();
  const [one, other] = await twoDevices(world);
  const sender = await world.login(`${romeo}/orchard`);
  await sender.sendText(message);
  world.slowDisc(100);
  // One batch is written, then the other one is under way.
  await world.advance(2_000);
  for (let ms = 0; (await offlineRows(world, juliet)) === 0; ms += 10) {
    assert.ok(ms < 2_000);
    await world.advance(10);
  }
  await world.advance(10);
  await acknowledgeAll(one);
  world.faults.failCommits("unavailable");
  await world.advance(1_000);
  world.slowDisc(0);
  const third = await world.login(`${juliet}/cell`);
  await third.sendText("<presence/>");
  assert.deepEqual(bodies(third), []);
  world.faults.failCommits(undefined);
  await world.advance(5_000);
  for (const client of [third, other]) await client.sendText("</stream:stream>");
  await world.advance(120_000);
  assert.deepEqual(await rowsAndCount(world, juliet), [0, 0], "it waits for nobody");
});
