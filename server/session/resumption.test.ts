import assert from "node:assert/strict";
import { test } from "node:test";
import { bodies, chat, managed as enable, resume, type Managed } from "#testing/scenario/devices.ts";
import { offlineRows } from "#testing/scenario/stored-rows.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const NS_SM = "urn:xmpp:sm:3";
const romeoJid = "romeo@montague.example";
const julietJid = "juliet@capulet.example";
const accounts = [romeoJid, julietJid];

/** One that has seen its own presence. */
async function managed(world: World, jid: string): Promise<Managed> {
  const made = await enable(world, jid);
  made.client.ignoreAll();
  return made;
}

test("a cut stream is resumed on another connection and gets what it missed, in order, once [xep0198-5-13] [xep0198-5-19] [xep0198-5-20]", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const { client: juliet, id } = await managed(world, `${julietJid}/balcony`);
  const romeo = await world.login(`${romeoJid}/orchard`);
  await romeo.sendText(chat(julietJid, "1"));
  assert.deepEqual(bodies(juliet), ["1"]);
  await juliet.cut();
  await romeo.sendText(chat(julietJid, "2") + chat(julietJid, "3"));
  romeo.receivesNothing();
  // Presence and message 1 were handled; 2 and 3 were sent into the void.
  await resume({ client: juliet, id }, julietJid, 2);
  juliet.receives(`<resumed xmlns='${NS_SM}' previd='${id}' h='1'/>`);
  assert.deepEqual(bodies(juliet), ["2", "3"]);
});

test("what a session owes when its time to resume runs out is found at the next log-in [xep0198-4-09] [xep0198-4-10] [xep0198-5-16] [xep0198-5-17]", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const { client: juliet, id } = await managed(world, `${julietJid}/balcony`);
  const romeo = await world.login(`${romeoJid}/orchard`);
  await juliet.cut();
  await romeo.sendText(chat(julietJid, "1") + chat(julietJid, "2"));
  await world.advance(601_000);
  await resume({ client: juliet, id }, julietJid, 1);
  // Who comes too late is still told how far the server got. [xep0198-5-17]
  juliet.receives(
    `<failed xmlns='${NS_SM}' h='1'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`,
  );
  await juliet.bind("balcony");
  await juliet.sendText("<presence/>");
  assert.deepEqual(bodies(juliet), ["1", "2"]);
});

test("S9 a session that times out hands each message on once: another resource gets it and it is not stored [xep0198-4-10]", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const { client: lost } = await managed(world, `${julietJid}/balcony`);
  const romeo = await world.login(`${romeoJid}/orchard`);
  await lost.cut();
  await romeo.sendText(chat(`${julietJid}/balcony`, "1"));
  const other = await world.login(`${julietJid}/chamber`);
  await other.sendText("<presence/>");
  assert.deepEqual(bodies(other), [], "the hibernating session still claims it");
  await world.advance(601_000);
  assert.deepEqual(bodies(other), ["1"]);
  const third = await world.login(`${julietJid}/garden`);
  await third.sendText("<presence/>");
  assert.deepEqual(bodies(third), []);
});

test("S8 a client that acknowledges more than it was sent gets a stream error", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const { client } = await managed(world, `${julietJid}/balcony`);
  await client.sendText(`<a xmlns='${NS_SM}' h='9'/>`);
  const error = client.next();
  assert.equal(error.name, "error");
  assert.ok(error.elements().some((child) => child.name === "undefined-condition"));
  assert.ok(error.elements().some((child) => child.name === "handled-count-too-high" && child.attr("h") === "9"));
  assert.ok(client.streamClosed);
});

test("a stanza is acknowledged when its message is with the recipient, and not before [xep0198-4-03]", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const { client: juliet } = await managed(world, `${julietJid}/balcony`);
  const { client: romeo } = await managed(world, `${romeoJid}/orchard`);
  await romeo.sendText(`${chat(julietJid, "1")}<r xmlns='${NS_SM}'/>`);
  // The presence before it is settled, the message is not: Juliet's client has not acknowledged it.
  romeo.receives(`<a xmlns='${NS_SM}' h='1'/>`);
  await juliet.sendText(`<a xmlns='${NS_SM}' h='2'/>`);
  romeo.receives(`<a xmlns='${NS_SM}' h='2'/>`);
});

test("a message that the recipient's client leaves unacknowledged is written down, and then acknowledged", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const { client: juliet } = await managed(world, `${julietJid}/balcony`);
  const { client: romeo } = await managed(world, `${romeoJid}/orchard`);
  await romeo.sendText(`${chat(julietJid, "1")}<r xmlns='${NS_SM}'/>`);
  romeo.receives(`<a xmlns='${NS_SM}' h='1'/>`);
  await world.advance(2_000);
  romeo.receives(`<a xmlns='${NS_SM}' h='2'/>`);
  assert.equal(await offlineRows(world, julietJid), 1);
  await juliet.sendText(`<a xmlns='${NS_SM}' h='2'/>`);
  assert.equal(await offlineRows(world, julietJid), 0, "the acknowledgement makes the row superfluous");
});

test("a message to an account that is away is acknowledged once its row is durable [xep0198-4-04]", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const { client: romeo } = await managed(world, `${romeoJid}/orchard`);
  await romeo.sendText(`${chat(julietJid, "1")}<r xmlns='${NS_SM}'/>`);
  const acks = romeo.pending.map((element) => element.attr("h"));
  assert.equal(acks.at(-1), "2");
  assert.equal(await offlineRows(world, julietJid), 1);
});

test("the sessions of an account that nobody uses are gone, with their timers", async () => {
  const world = await startWorld({ accounts, options: { archive: false } });
  const { client: juliet } = await managed(world, `${julietJid}/balcony`);
  await juliet.close();
  await world.advance(3_600_000);
  assert.equal(world.core.registry.size, 0);
  assert.equal(world.core.links.size, 0);
  assert.equal(world.env.timers, 0);
  await world[Symbol.asyncDispose]();
});
