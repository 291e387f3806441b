import assert from "node:assert/strict";
import { test } from "node:test";
import { available, bodies, chat, errors, managed } from "#testing/scenario/devices.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { offlineRows } from "#testing/scenario/stored-rows.ts";
import { startWorld } from "#testing/scenario/world.ts";

const NS_SM = "urn:xmpp:sm:3";
const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const accounts = [romeo, juliet];
const acks = (client: ScriptedClient): readonly (string | undefined)[] =>
  client.pending.filter(({ name }) => name === "a").map((ack) => ack.attr("h"));

test("what a client without stream management did not take is kept for it, and only then acknowledged", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const recipient = await available(world, `${juliet}/balcony`);
  const { client: sender } = await managed(world, `${romeo}/orchard`);
  recipient.transport.stalled = true;
  await sender.sendText(`${chat(juliet, "1")}<r xmlns='${NS_SM}'/>`);
  assert.deepEqual(acks(sender), ["1"]);
  await recipient.cut();
  assert.deepEqual(acks(sender), ["1", "2"]);
  assert.equal(await offlineRows(world, juliet), 1);
  assert.deepEqual(bodies(await available(world, `${juliet}/balcony`)), ["1"]);
  assert.equal(await offlineRows(world, juliet), 0);
});

test("what a client without stream management did not take is kept for it though nobody waits for that: its sender has none either", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const recipient = await available(world, `${juliet}/balcony`);
  const sender = await available(world, `${romeo}/orchard`);
  recipient.transport.stalled = true;
  await sender.sendText(chat(juliet, "1") + chat(juliet, "2"));
  await recipient.cut();
  assert.equal(await offlineRows(world, juliet), 2);
  assert.deepEqual(bodies(await available(world, `${juliet}/balcony`)), ["1", "2"]);
  assert.equal(await offlineRows(world, juliet), 0);
});

test("offline messages that were not taken wait on; those that were taken are forgotten", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const sender = await available(world, `${romeo}/orchard`);
  await sender.sendText(chat(juliet, "1") + chat(juliet, "2"));
  const first = await world.login(`${juliet}/balcony`);
  first.transport.stalled = true;
  await first.sendText("<presence/>");
  await first.cut();
  assert.equal(await offlineRows(world, juliet), 2);
  assert.deepEqual(bodies(await available(world, `${juliet}/chamber`)), ["1", "2"]);
  assert.equal(await offlineRows(world, juliet), 0);
});

for (const h of [1, 3, 6])
  test(`offline messages flood a session that is cut and resumed with h=${h}: each arrives once`, async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const sender = await available(world, `${romeo}/orchard`);
    const ids = ["1", "2", "3", "4", "5"];
    await sender.sendText(ids.map((id) => chat(juliet, id)).join(""));
    const { client, id } = await managed(world, `${juliet}/balcony`);
    assert.deepEqual(bodies(client), ids);
    await client.cut();
    client.reconnect();
    await client.authenticate("juliet", "capulet.example", "juliet");
    await client.sendText(`<resume xmlns='${NS_SM}' previd='${id}' h='${h}'/>`);
    assert.deepEqual(bodies(client), ids.slice(h - 1));
    await client.sendText(`<a xmlns='${NS_SM}' h='6'/>`);
    assert.equal(await offlineRows(world, juliet), 0);
    await client.close();
    assert.deepEqual(bodies(await available(world, `${juliet}/balcony`)), []);
  });

test("offline messages of a session that is cut and never comes back are there at the next log-in, in order", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const sender = await available(world, `${romeo}/orchard`);
  await sender.sendText(chat(juliet, "1") + chat(juliet, "2"));
  const { client } = await managed(world, `${juliet}/balcony`);
  await sender.sendText(chat(juliet, "3"));
  await client.cut();
  await sender.sendText(chat(juliet, "4"));
  await world.advance(601_000);
  assert.equal(errors(sender), 0);
  assert.deepEqual(bodies(await available(world, `${juliet}/balcony`)), ["1", "2", "3", "4"]);
  assert.equal(await offlineRows(world, juliet), 0);
});

test("what cannot be written down is tried again: its sender hears nothing until it is safe, and then that it is", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const { client: recipient } = await managed(world, `${juliet}/balcony`);
  const { client: sender } = await managed(world, `${romeo}/orchard`);
  world.faults.failCommits("full");
  await recipient.cut();
  await sender.sendText(`${chat(juliet, "1")}<r xmlns='${NS_SM}'/>`);
  await world.advance(10_000);
  assert.deepEqual([acks(sender), errors(sender)], [["1"], 0]);
  world.faults.failCommits(undefined);
  await world.advance(2_000);
  assert.deepEqual([acks(sender), errors(sender)], [["1", "2"], 0]);
  assert.equal(await offlineRows(world, juliet), 1);
  await world.advance(600_000);
  assert.deepEqual(bodies(await available(world, `${juliet}/balcony`)), ["1"]);
});

test("a session that ends while nothing can be written gives its messages back, and acknowledges them then", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const { client: recipient } = await managed(world, `${juliet}/balcony`);
  const { client: sender } = await managed(world, `${romeo}/orchard`);
  await recipient.cut();
  world.faults.failCommits("full");
  await sender.sendText(`${chat(juliet, "1")}<r xmlns='${NS_SM}'/>`);
  await world.advance(601_000);
  assert.equal(errors(sender), 1);
  assert.deepEqual(acks(sender), ["1", "2"]);
});

test("a session that ends while nothing can be written is seen to leave all the same", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const sender = await available(world, `${romeo}/orchard`);
  const { client: recipient } = await managed(world, `${juliet}/balcony`);
  await recipient.sendText(`<presence to='${romeo}'/>`);
  await recipient.cut();
  world.faults.failCommits("full");
  await sender.sendText(chat(juliet, "1"));
  await world.advance(601_000);
  const told = sender.pending.filter((each) => each.name === "presence" && each.attr("from")?.startsWith(juliet));
  assert.deepEqual(
    told.map((each) => `${each.attr("from")} ${each.attr("type") ?? "available"}`),
    [`${juliet}/balcony available`, `${juliet}/balcony unavailable`],
  );
});

for (const max of [0, 2])
  test(`what a cut session owes is written down though ${max} messages fill the offline store, and brought when it is back`, async () => {
    await using world = await startWorld({ accounts, options: { "messages.offline_messages_max": max } });
    const { client: sender } = await managed(world, `${romeo}/orchard`);
    await sender.sendText(
      ["1", "2"]
        .slice(0, max)
        .map((id) => chat(juliet, id))
        .join(""),
    );
    const { client: recipient, id } = await managed(world, `${juliet}/balcony`);
    await recipient.cut();
    await sender.sendText(["3", "4", "5"].map((body) => chat(`${juliet}/balcony`, body)).join(""));
    await world.advance(2_000);
    await sender.sendText(`<r xmlns='${NS_SM}'/>`);
    assert.deepEqual([acks(sender).at(-1), errors(sender)], [String(max + 4), 0]);
    assert.equal(await offlineRows(world, juliet), max + 3);
    recipient.ignoreAll();
    recipient.reconnect();
    await recipient.authenticate("juliet", "capulet.example", "juliet");
    await recipient.sendText(`<resume xmlns='${NS_SM}' previd='${id}' h='${max + 1}'/>`);
    assert.deepEqual(bodies(recipient), ["3", "4", "5"]);
    await recipient.sendText(`<a xmlns='${NS_SM}' h='${max + 4}'/>`);
    assert.equal(await offlineRows(world, juliet), 0);
    assert.equal(errors(sender), 0);
  });

for (const { max, kept, returned } of [
  { max: 0, kept: [], returned: 2 },
  { max: 1, kept: ["1"], returned: 1 },
  { max: 2, kept: ["1", "2"], returned: 0 },
])
  test(`S9 of two messages that a session never took ${returned} go back to their sender where ${max} may wait`, async () => {
    await using world = await startWorld({ accounts, options: { "messages.offline_messages_max": max } });
    const { client: sender } = await managed(world, `${romeo}/orchard`);
    const { client: recipient } = await managed(world, `${juliet}/balcony`);
    await recipient.cut();
    await sender.sendText(chat(`${juliet}/balcony`, "1") + chat(`${juliet}/balcony`, "2"));
    await world.advance(2_000);
    assert.deepEqual([await offlineRows(world, juliet), errors(sender)], [2, 0]);
    await world.advance(600_000);
    assert.equal(errors(sender), returned);
    assert.deepEqual(bodies(await available(world, `${juliet}/balcony`)), kept);
    assert.equal(await offlineRows(world, juliet), 0);
  });

test("S9 a message that two cut sessions owe is written down once, and comes once when neither is back", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const { client: one } = await managed(world, `${juliet}/balcony`);
  const { client: other } = await managed(world, `${juliet}/chamber`);
  const { client: sender } = await managed(world, `${romeo}/orchard`);
  await one.cut();
  await other.cut();
  await sender.sendText(chat(juliet, "1"));
  await world.advance(2_000);
  assert.equal(await offlineRows(world, juliet), 1);
  await world.advance(600_000);
  assert.deepEqual(bodies(await available(world, `${juliet}/balcony`)), ["1"]);
  assert.equal(await offlineRows(world, juliet), 0);
});

test("a message for two sessions is safe when both have it", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const { client: one } = await managed(world, `${juliet}/balcony`);
  const { client: other } = await managed(world, `${juliet}/chamber`);
  const { client: sender } = await managed(world, `${romeo}/orchard`);
  const stanzas = (client: ScriptedClient): number =>
    client.pending.filter(({ name }) => name === "message" || name === "presence").length;
  await sender.sendText(`${chat(juliet, "1")}<r xmlns='${NS_SM}'/>`);
  await one.sendText(`<a xmlns='${NS_SM}' h='${stanzas(one)}'/><a xmlns='${NS_SM}' h='${stanzas(one)}'/>`);
  assert.deepEqual(acks(sender), ["1"]);
  await other.sendText(`<a xmlns='${NS_SM}' h='${stanzas(other)}'/>`);
  assert.deepEqual(acks(sender), ["1", "2"]);
});

test("a message that was written down for a session and then goes to another one is forgotten with that", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const { client: cut } = await managed(world, `${juliet}/balcony`);
  const sender = await available(world, `${romeo}/orchard`);
  await cut.cut();
  await sender.sendText(chat(`${juliet}/balcony`, "1"));
  assert.equal(await offlineRows(world, juliet), 1);
  const other = await available(world, `${juliet}/chamber`);
  await world.advance(600_000);
  assert.deepEqual(bodies(other), ["1"]);
  assert.equal(await offlineRows(world, juliet), 0);
});

test("a message that one session has and another one writes down again meanwhile is forgotten when that has it too", async () => {
  await using world = await startWorld({ accounts });
  const { client: one } = await managed(world, `${juliet}/balcony`);
  const { client: other } = await managed(world, `${juliet}/chamber`);
  const sender = await available(world, `${romeo}/orchard`);
  const take = (client: ScriptedClient): Promise<void> => {
    const taken = client.pending.filter(({ name }) => name === "message" || name === "presence").length;
    return client.sendText(`<a xmlns='${NS_SM}' h='${taken}'/>`);
  };
  await take(one);
  await take(other);
  await world.advance(5_000);
  await sender.sendText(chat(`${juliet}/balcony`, "1"));
  await world.advance(1_500);
  await sender.sendText(chat(juliet, "2"));
  await world.advance(1_000);
  assert.equal(await offlineRows(world, juliet), 2, "the first session has written down what it owes");
  world.slowDisc(200);
  await world.advance(900);
  // Its row is being removed while the other session writes the same one down.
  await take(one);
  await world.advance(1_000);
  world.slowDisc(0);
  assert.equal(await offlineRows(world, juliet), 1);
  await take(other);
  assert.equal(await offlineRows(world, juliet), 0);
});
