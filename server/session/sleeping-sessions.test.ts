import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJid } from "#protocol/jid/jid.ts";
import { xml } from "#protocol/xml/element.ts";
import { NS_CLIENT, NS_SM } from "#protocol/xml/namespaces.ts";
import { makeStanza } from "#kit/stanza.ts";
import { available, bodies, chat, errors, managed, resume } from "#testing/scenario/devices.ts";
import { offlineRows } from "#testing/scenario/stored-rows.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { sweepIntervalMs } from "../account/registry.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const accounts = [romeo, juliet];

/** Long enough for who is left alone to be asleep. */
const untilAsleep = 2 * sweepIntervalMs;
/** How long a session may be away. */
const resumeMs = 600_000;

const asleep = (world: World): readonly string[] => [...world.core.registry.sleeping()];
const awakeJuliet = (world: World): boolean =>
  [...world.core.registry.sessions()].some(({ jid }) => jid.startsWith(juliet));
const presences = (client: { readonly pending: readonly { readonly name: string }[] }): number =>
  client.pending.filter(({ name }) => name === "presence").length;

for (const then of ["resumed", "restarted in peace", "killed"] as const)
  test(`an account whose sessions hibernate sleeps, availability and all; ${then}, it owes its client the same as awake [xep0198-5-13] [xep0198-5-19]`, async () => {
    await using world = await startWorld({ accounts });
    const mine = await managed(world, `${juliet}/balcony`);
    const sender = await available(world, `${romeo}/orchard`);
    await mine.client.cut();
    await sender.sendText(chat(juliet, "1") + `<presence to='${juliet}/balcony'/>` + chat(juliet, "2"));
    await world.advance(untilAsleep);
    assert.deepEqual(asleep(world), [juliet]);
    assert.equal(awakeJuliet(world), false);
    assert.equal(world.core.registry.countSessions(), 2);
    // What comes wakes it, and it falls asleep again.
    await sender.sendText(chat(juliet, "3") + `<presence to='${juliet}/balcony' type='unavailable'/>`);
    assert.deepEqual(asleep(world), []);
    await world.advance(untilAsleep);
    assert.deepEqual(asleep(world), [juliet]);
    if (then !== "resumed") await world.restart({ killed: then === "killed" });
    await resume(mine, juliet, 1);
    mine.client.receives(`<resumed xmlns='${NS_SM}' previd='${mine.id}' h='1'/>`);
    assert.deepEqual([bodies(mine.client), presences(mine.client)], [["1", "2", "3"], 2]);
    await mine.client.sendText(`<a xmlns='${NS_SM}' h='6'/>`);
    assert.equal(await offlineRows(world, juliet), 0);
    assert.deepEqual(asleep(world), []);
    assert.equal(errors(sender), 0);
  });

test("who sleeps is woken when its session ends that nobody came back for: contacts hear of it, messages wait for the next log-in [xep0198-4-09]", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  const sender = await available(world, `${romeo}/orchard`);
  await mine.client.sendText(`<presence to='${romeo}/orchard'/>`);
  await mine.client.cut();
  await sender.sendText(chat(juliet, "1"));
  sender.ignoreAll();
  await world.advance(resumeMs - 1);
  assert.deepEqual(asleep(world), [juliet]);
  sender.receivesNothing();
  await world.advance(1);
  assert.deepEqual(asleep(world), []);
  assert.equal(world.core.registry.countSessions(), 1);
  assert.equal(sender.next().attr("type"), "unavailable");
  await resume(mine, juliet, 1);
  assert.equal(mine.client.next().name, "failed");
  await mine.client.bind("balcony");
  await mine.client.sendText("<presence/>");
  assert.deepEqual(bodies(mine.client), ["1"]);
});

test("of two sessions each ends in its own time, whoever sleeps meanwhile", async () => {
  await using world = await startWorld({ accounts });
  const one = await managed(world, `${juliet}/balcony`);
  const other = await managed(world, `${juliet}/chamber`);
  await one.client.cut();
  await world.advance(300_000);
  assert.deepEqual(asleep(world), [], "the other one is there");
  await other.client.cut();
  await world.advance(untilAsleep);
  assert.deepEqual(asleep(world), [juliet]);
  await world.advance(resumeMs - 300_000 - untilAsleep);
  assert.equal(world.core.registry.countSessions(), 1);
  await world.advance(untilAsleep);
  assert.deepEqual(asleep(world), [juliet]);
  await world.advance(300_000 - untilAsleep);
  assert.equal(world.core.registry.countSessions(), 0);
});

test("where nothing can be written nobody falls asleep; where nothing can be read who sleeps ends later, and for certain", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  const sender = await available(world, `${romeo}/orchard`);
  await mine.client.cut();
  await sender.sendText(`<presence to='${juliet}/balcony'/>`);
  world.faults.failCommits("full");
  await world.advance(2 * untilAsleep);
  assert.deepEqual(asleep(world), []);
  world.faults.failCommits(undefined);
  await world.advance(untilAsleep + sweepIntervalMs);
  assert.deepEqual(asleep(world), [juliet]);
  world.faults.failReads("unavailable");
  await world.advance(resumeMs);
  assert.equal(world.core.registry.countSessions(), 2);
  world.faults.failReads(undefined);
  await world.advance(10_000);
  assert.equal(world.core.registry.countSessions(), 1);
});

test("many that end at once are all woken", async () => {
  const many = Array.from({ length: 250 }, (_, number) => `user${number}@capulet.example`);
  await using world = await startWorld({ accounts: many });
  for (const jid of many) await (await managed(world, `${jid}/phone`)).client.cut();
  await world.advance(untilAsleep);
  assert.equal(asleep(world).length, many.length);
  assert.equal(world.core.registry.size, 0);
  await world.advance(resumeMs);
  assert.equal(world.core.registry.countSessions(), 0);
  await world.advance(untilAsleep);
  assert.equal(world.core.registry.size, 0);
});

for (const killed of [false, true])
  test(`after a ${killed ? "kill -9" : "stop in peace"} sessions that hibernate are in memory no longer than it takes to look after them`, async () => {
    await using world = await startWorld({ accounts });
    const mine = await managed(world, `${juliet}/balcony`);
    await mine.client.cut();
    await world.restart({ killed });
    assert.deepEqual(asleep(world), [juliet]);
    await world.advance(resumeMs);
    assert.equal(world.core.registry.countSessions(), 0);
  });

test("who knew the account before it slept reaches the one that is awake", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  await mine.client.cut();
  const [before] = [...world.core.registry.sessions()];
  assert.ok(before !== undefined);
  const { account } = before;
  await world.advance(untilAsleep);
  assert.deepEqual(asleep(world), [juliet]);
  let found: unknown;
  account.post((awake) => {
    found = awake;
  });
  const { jid } = account;
  assert.equal(jid, parseJid(juliet));
  await world.settle();
  const [after] = [...world.core.registry.sessions()];
  assert.ok(after !== undefined && after !== before && found === after.account && found !== account);
  // What an old answer brings to the session is for what it is now.
  await world.advance(untilAsleep);
  const carrier = await available(world, `${romeo}/orchard`);
  await carrier.sendText(chat(juliet, "1"));
  const [owing] = [...world.core.registry.sessions()].filter(({ resource }) => resource === "balcony");
  assert.ok(owing !== undefined && owing !== after);
  await resume(mine, juliet, 1);
  assert.equal(mine.client.next().name, "resumed");
  assert.deepEqual(bodies(mine.client), ["1"]);
});

test("what is sent to the object of a session that sleeps reaches the session", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  await mine.client.cut();
  const [before] = [...world.core.registry.sessions()];
  await world.advance(untilAsleep);
  assert.deepEqual(asleep(world), [juliet]);
  const [from, to] = [parseJid(`${romeo}/orchard`), parseJid(`${juliet}/balcony`)];
  assert.ok(before !== undefined && from !== undefined && to !== undefined);
  before.send(makeStanza("message", { from, to, type: "chat", id: "1" }, xml(NS_CLIENT, "body", {}, "1")));
  await resume(mine, juliet, 1);
  assert.equal(mine.client.next().name, "resumed");
  assert.deepEqual(bodies(mine.client), ["1"]);
});

test("S9 a message that two sessions owe that slept comes once: to who is there when both are over, else to the next log-in", async () => {
  for (const isThere of [true, false]) {
    await using world = await startWorld({ accounts });
    const one = await managed(world, `${juliet}/balcony`);
    const other = await managed(world, `${juliet}/chamber`);
    const sender = await available(world, `${romeo}/orchard`);
    await one.client.cut();
    await other.client.cut();
    await sender.sendText(chat(juliet, "1"));
    await world.advance(untilAsleep);
    assert.deepEqual(asleep(world), [juliet]);
    const third = isThere ? await available(world, `${juliet}/garden`) : undefined;
    if (third !== undefined) assert.deepEqual(bodies(third), []);
    await world.advance(resumeMs);
    const next = third ?? (await available(world, `${juliet}/garden`));
    assert.deepEqual(bodies(next), ["1"]);
    assert.equal(await offlineRows(world, juliet), 0);
  }
});

test("S9 a message that two sessions owe that slept and one has taken is forgotten with the other", async () => {
  await using world = await startWorld({ accounts });
  const one = await managed(world, `${juliet}/balcony`);
  const other = await managed(world, `${juliet}/chamber`);
  const sender = await available(world, `${romeo}/orchard`);
  await one.client.cut();
  await other.client.cut();
  await sender.sendText(chat(juliet, "1"));
  await world.advance(untilAsleep);
  await resume(one, juliet, 2);
  assert.deepEqual(bodies(one.client), ["1"]);
  await one.client.sendText(`<a xmlns='${NS_SM}' h='3'/>`);
  await one.client.close();
  await world.advance(untilAsleep);
  assert.deepEqual(asleep(world), [juliet], "that it was taken is written down");
  await world.advance(resumeMs);
  assert.equal(await offlineRows(world, juliet), 0);
  assert.deepEqual(bodies(await available(world, `${juliet}/garden`)), []);
});
