import assert from "node:assert/strict";
import { test } from "node:test";
import { NS_SM } from "#protocol/xml/namespaces.ts";
import { available, bodies, chat, errors, managed, resume } from "#testing/scenario/devices.ts";
import { startWorld } from "#testing/scenario/world.ts";
import { NS_MAM } from "./elements.ts";
import { writtenAloneMs } from "./watermark.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const accounts = [romeo, juliet];

test("a note to oneself that the client has does not have all that came later brought again after a crash", async () => {
  await using world = await startWorld({ accounts });
  const client = await available(world, `${juliet}/balcony`);
  const sender = await available(world, `${romeo}/orchard`);
  await client.sendText(chat(juliet, "note"));
  await sender.sendText(chat(juliet, "1"));
  assert.deepEqual(bodies(client), ["note", "1"]);
  await world.advance(2 * writtenAloneMs);
  await world.restart({ killed: true });
  assert.deepEqual(bodies(await available(world, `${juliet}/balcony`)), []);
});

test("a message that comes while the first one of an archive is being written has the watermark with it, too, and fails with that", async () => {
  await using world = await startWorld({ accounts });
  const { client } = await managed(world, `${juliet}/balcony`);
  const { client: sender } = await managed(world, `${romeo}/orchard`);
  world.slowDisc(100);
  world.faults.failCommits("full");
  await sender.sendText(chat(juliet, "lost"));
  await world.advance(150);
  await sender.sendText(chat(juliet, "1"));
  await world.advance(70);
  world.faults.failCommits(undefined);
  await world.advance(1_000);
  assert.deepEqual([errors(sender), bodies(client)], [2, []]);
  await sender.sendText(`${chat(juliet, "2")}<r xmlns='${NS_SM}'/>`);
  await world.advance(1_000);
  assert.deepEqual(bodies(client), ["2"], "which its client does not say that it has");
  assert.equal(sender.pending.findLast(({ name }) => name === "a")?.attr("h"), "4");
  world.slowDisc(0);
  await world.restart({ killed: true });
  assert.deepEqual(bodies(await available(world, `${juliet}/chamber`)), ["2"]);
});

test("that a client has a message is written down again where it could not be: a crash later does not bring it again", async () => {
  await using world = await startWorld({ accounts });
  const client = await available(world, `${juliet}/balcony`);
  const sender = await available(world, `${romeo}/orchard`);
  await sender.sendText(chat(juliet, "1"));
  assert.deepEqual(bodies(client), ["1"]);
  world.faults.failCommits("full");
  await world.advance(writtenAloneMs + 1_000);
  world.faults.failCommits(undefined);
  await world.advance(2 * writtenAloneMs);
  await world.restart({ killed: true });
  assert.deepEqual(bodies(await available(world, `${juliet}/balcony`)), []);
});

test("what a hibernating session owes is not recovered beside that: who takes it after a crash leaves nothing behind", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  const sender = await available(world, `${romeo}/orchard`);
  await mine.client.cut();
  await sender.sendText(chat(juliet, "1"));
  await world.restart({ killed: true });
  await resume(mine, juliet, 1);
  assert.deepEqual(bodies(mine.client), ["1"]);
  await mine.client.sendText(`<a xmlns='${NS_SM}' h='2'/>`);
  assert.deepEqual(bodies(await available(world, `${juliet}/chamber`)), []);
});

test("a page of the archive has what its owner sent ahead of the question, though the recipient's owner still writes it", async () => {
  await using world = await startWorld({ accounts });
  const client = await available(world, `${romeo}/orchard`);
  await available(world, `${juliet}/balcony`);
  await world.advance(5_000);
  client.ignoreAll();
  world.slowDisc(100);
  await client.sendText(`${chat(juliet, "1")}<iq type='set' id='q'><query xmlns='${NS_MAM}'/></iq>`);
  await world.advance(5_000);
  assert.deepEqual(
    client.pending.map((stanza) => (stanza.name === "iq" ? stanza.attr("type") : stanza.firstElement?.name)),
    ["result", "result"],
  );
  assert.equal(client.pending[0]?.name, "message");
});

test("what was written though it failed is put back, but not that a client which is cut has a message: a kill then does not bring it again", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  const sender = await available(world, `${romeo}/orchard`);
  await world.advance(2 * writtenAloneMs);
  await sender.sendText(chat(juliet, "1"));
  assert.deepEqual(bodies(mine.client), ["1"]);
  const h = mine.client.pending.filter(({ name }) => name !== "r").length;
  mine.client.ignoreAll();
  await mine.client.sendText(`<a xmlns='${NS_SM}' h='${h}'/>`);
  world.faults.failCommits("unavailable", true);
  await mine.client.cut();
  world.faults.failCommits(undefined);
  await world.advance(1_000);
  await world.restart({ killed: true });
  await resume(mine, juliet, h);
  assert.deepEqual(bodies(mine.client), []);
});
