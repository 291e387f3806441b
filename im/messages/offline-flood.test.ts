import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { offlineRows } from "#testing/scenario/stored-rows.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const romeoJid = "romeo@montague.example";
const julietJid = "juliet@capulet.example";
const accounts = [romeoJid, julietJid];
/** More than two pages of what is read from storage at once. */
const backlog = 250;

async function worldWithBacklog(count = backlog, filler = ""): Promise<World> {
  const world = await startWorld({ accounts });
  const romeo = await world.login(`${romeoJid}/orchard`);
  let sent = "";
  for (let id = 1; id <= count; id += 1)
    sent += `<message to='${julietJid}' type='chat' id='${id}'><body>${id}${filler}</body></message>`;
  await romeo.sendText(sent);
  romeo.receivesNothing();
  return world;
}

function idsOf(client: ScriptedClient): readonly number[] {
  return client.pending.filter(({ name }) => name === "message").map((message) => Number(message.attr("id")));
}

function upTo(last: number, from = 1): readonly number[] {
  return Array.from({ length: last - from + 1 }, (_, index) => from + index);
}

test("a large backlog comes whole, in order and once, and is then forgotten", async () => {
  await using world = await worldWithBacklog();
  assert.equal(await offlineRows(world, julietJid), backlog);
  const juliet = await world.login(`${julietJid}/balcony`);
  await juliet.sendText("<presence/>");
  assert.deepEqual(idsOf(juliet), upTo(backlog));
  assert.equal(await offlineRows(world, julietJid), 0);
});

test("what is sent during the flood comes behind it", async () => {
  await using world = await worldWithBacklog();
  const juliet = await world.login(`${julietJid}/balcony`);
  const romeo = await world.login(`${romeoJid}/garden`);
  juliet.transport.send("<presence/>");
  await romeo.sendText(`<message to='${julietJid}' type='chat' id='251'><body>now</body></message>`);
  assert.deepEqual(idsOf(juliet), upTo(backlog + 1));
});

test("what comes between two portions of the flood waits its turn, stored, and comes behind them [rfc6120-10.1-01]", async () => {
  const more = 30;
  await using world = await worldWithBacklog(more, "x".repeat(50_000));
  const juliet = await world.login(`${julietJid}/balcony`);
  await juliet.sendText("<enable xmlns='urn:xmpp:sm:3'/>");
  juliet.next();
  await juliet.sendText("<presence/>");
  const first = idsOf(juliet);
  assert.ok(first.length > 0 && first.length < more, "a portion");
  const romeo = await world.login(`${romeoJid}/garden`);
  await romeo.sendText("<enable xmlns='urn:xmpp:sm:3'/>");
  romeo.next();
  const message = (to: string, id: number): string =>
    `<message to='${to}' type='chat' id='${id}'><body>now</body></message>`;
  await romeo.sendText(message(julietJid, more + 1) + message(`${julietJid}/balcony`, more + 2));
  await romeo.sendText("<r xmlns='urn:xmpp:sm:3'/>");
  assert.equal(romeo.next().attr("h"), "2", "they are safe");
  assert.deepEqual(idsOf(juliet), first);
  // Her own presence was the first that she had.
  await juliet.sendText(`<a xmlns='urn:xmpp:sm:3' h='${first.length + 1}'/>`);
  await world.advance(1_000);
  assert.deepEqual(idsOf(juliet), upTo(more + 2));
  await juliet.sendText(`<a xmlns='urn:xmpp:sm:3' h='${more + 3}'/>`);
  await world.advance(1_000);
  assert.equal(await offlineRows(world, julietJid), 0);
  await romeo.sendText(message(julietJid, more + 3));
  assert.deepEqual(idsOf(juliet).slice(-1), [more + 3], "nothing waits any more");
});

test("two devices that log in at once share the backlog and get nothing twice", async () => {
  await using world = await worldWithBacklog();
  const balcony = await world.login(`${julietJid}/balcony`);
  const chamber = await world.login(`${julietJid}/chamber`);
  balcony.transport.send("<presence/>");
  chamber.transport.send("<presence/>");
  await world.settle();
  const all = [...idsOf(balcony), ...idsOf(chamber)];
  assert.deepEqual(
    all.toSorted((a, b) => a - b),
    upTo(backlog),
  );
  for (const client of [balcony, chamber]) {
    const ids = idsOf(client);
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => a - b),
    );
  }
  assert.equal(await offlineRows(world, julietJid), 0);
});

test("a device that stops reading and is cut leaves the backlog to the next", async () => {
  await using world = await worldWithBacklog();
  const lost = await world.login(`${julietJid}/balcony`);
  lost.transport.stalled = true;
  await lost.sendText("<presence/>");
  await lost.cut();
  assert.equal(await offlineRows(world, julietJid), backlog, "none of it was taken by anybody");
  const juliet = await world.login(`${julietJid}/chamber`);
  await juliet.sendText("<presence/>");
  assert.deepEqual(idsOf(juliet), upTo(backlog));
  assert.equal(await offlineRows(world, julietJid), 0);
});

test("a device that is cut while another is there leaves its share to that other", async () => {
  await using world = await worldWithBacklog(50);
  const lost = await world.login(`${julietJid}/balcony`);
  lost.transport.stalled = true;
  await lost.sendText("<presence/>");
  const juliet = await world.login(`${julietJid}/chamber`);
  await juliet.sendText("<presence/>");
  await lost.cut();
  assert.deepEqual(
    idsOf(juliet).toSorted((a, b) => a - b),
    upTo(50),
  );
  assert.equal(await offlineRows(world, julietJid), 0);
});

test("with stream management a cut in the middle loses nothing, and the resumed stream gets nothing twice", async () => {
  await using world = await worldWithBacklog();
  const juliet = await world.login(`${julietJid}/balcony`);
  await juliet.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
  const id = juliet.next().attr("id") ?? "";
  await juliet.sendText("<presence/>");
  assert.deepEqual(idsOf(juliet), upTo(backlog));
  assert.equal(await offlineRows(world, julietJid), backlog, "until it is acknowledged it is owed");
  // Presence and 99 messages are acknowledged; then the line breaks.
  await juliet.sendText("<a xmlns='urn:xmpp:sm:3' h='100'/>");
  assert.equal(await offlineRows(world, julietJid), backlog - 99);
  await juliet.cut();

  juliet.reconnect();
  await juliet.authenticate("juliet", "capulet.example", "juliet");
  await juliet.sendText(`<resume xmlns='urn:xmpp:sm:3' previd='${id}' h='100'/>`);
  assert.equal(juliet.next().name, "resumed");
  assert.deepEqual(idsOf(juliet), upTo(backlog, 100));
  await juliet.sendText(`<a xmlns='urn:xmpp:sm:3' h='${backlog + 1}'/>`);
  assert.equal(await offlineRows(world, julietJid), 0);
});

test("with stream management a device that never comes back leaves what it did not acknowledge to the next", async () => {
  await using world = await worldWithBacklog();
  const lost = await world.login(`${julietJid}/balcony`);
  await lost.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true' max='60'/>");
  lost.next();
  await lost.sendText("<presence/>");
  await lost.sendText("<a xmlns='urn:xmpp:sm:3' h='100'/>");
  await lost.cut();
  await world.advance(61_000);
  assert.equal(await offlineRows(world, julietJid), backlog - 99);
  const juliet = await world.login(`${julietJid}/chamber`);
  await juliet.sendText("<presence/>");
  assert.deepEqual(idsOf(juliet), upTo(backlog, 100));
  assert.equal(await offlineRows(world, julietJid), 0);
});

test("rows that cannot be removed at first are removed later, and what a client has does not come again", async () => {
  await using world = await worldWithBacklog(3);
  const juliet = await world.login(`${julietJid}/balcony`);
  world.faults.failCommits("full");
  await juliet.sendText("<presence/>");
  assert.deepEqual(idsOf(juliet), [1, 2, 3]);
  assert.equal(await offlineRows(world, julietJid), 3);
  world.faults.failCommits(undefined);
  await juliet.close();
  const again = await world.login(`${julietJid}/chamber`);
  await again.sendText("<presence/>");
  assert.deepEqual(idsOf(again), []);
  assert.equal(await offlineRows(world, julietJid), 0);
});

test("messages that could not be written, and what came behind them meanwhile, take no room from those that come later", async () => {
  const one = (id: number): string => `<message to='${julietJid}' type='chat' id='${id}'><body>${id}</body></message>`;
  let failed = 0;
  for (let turns = 1; turns <= 16; turns += 1) {
    await using world = await startWorld({ accounts, options: { "messages.offline_messages_max": 3 } });
    const romeo = await world.login(`${romeoJid}/orchard`);
    await romeo.sendText(one(1));
    world.faults.failCommits("full");
    romeo.transport.send(one(2));
    // The next one comes while that is being written: how many wait is made of how many waited.
    later(world, 1, () => romeo.transport.send(one(3)));
    later(world, turns, () => world.faults.failCommits(undefined));
    await world.settle();
    const stored = await offlineRows(world, julietJid);
    assert.ok(stored === 1 || stored === 3, `${stored} after ${turns} turns`);
    if (stored === 1) failed += 1;
    await romeo.sendText(one(4) + one(5) + one(6));
    await world.advance(1_000);
    assert.equal(await offlineRows(world, julietJid), 3, `after ${turns} turns`);
    const juliet = await world.login(`${julietJid}/balcony`);
    await juliet.sendText("<presence/>");
    assert.equal(await offlineRows(world, julietJid), 0);
    const counted = world.store.get("offline-count", julietJid, "");
    await world.settle();
    assert.deepEqual(JSON.parse((await counted) ?? ""), { rows: 0 });
  }
  assert.ok(failed > 0 && failed < 16, `${failed} failed`);
});

/** Runs it when the server has had so many turns. */
function later(world: World, turns: number, run: () => void): void {
  if (turns === 0) run();
  else world.env.defer(() => later(world, turns - 1, run));
}
