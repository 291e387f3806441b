import assert from "node:assert/strict";
import { test } from "node:test";
import { NS_SM } from "#protocol/xml/namespaces.ts";
import { available, bodies, chat, managed, resume } from "#testing/scenario/devices.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const accounts = [romeo, juliet];
/** How long a session waits for its client. */
const resumeMs = 600_000;
const acks = (client: ScriptedClient): readonly (string | undefined)[] =>
  client.pending.filter(({ name }) => name === "a").map((ack) => ack.attr("h"));

test("a client that is back in the last moment gets its session, though the disc takes longer than was left [xep0198-5-13]", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  // So that the account does not sleep.
  await available(world, `${juliet}/chamber`);
  await mine.client.cut();
  await world.advance(resumeMs - 500);
  mine.client.reconnect();
  await mine.client.authenticate("juliet", "capulet.example", "juliet");
  world.slowDisc(1_000);
  await mine.client.sendText(`<resume xmlns='${NS_SM}' previd='${mine.id}' h='2'/>`);
  await world.advance(10_000);
  assert.equal(mine.client.next().name, "resumed");
});

test("a session that was resumed does not end when its time would have run out [xep0198-5-13]", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  const sender = await available(world, `${romeo}/orchard`);
  await mine.client.cut();
  await resume(mine, juliet, 1);
  assert.equal(mine.client.next().name, "resumed");
  await world.advance(2 * resumeMs);
  await sender.sendText(chat(`${juliet}/balcony`, "1"));
  assert.deepEqual(bodies(mine.client), ["1"]);
  assert.equal(mine.client.streamClosed, false);
});

test("what was on its way to others when the stream was cut and is settled later is counted also after a kill [xep0198-5-13]", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const mine = await managed(world, `${juliet}/balcony`);
  const other = await managed(world, `${romeo}/orchard`);
  await mine.client.sendText(chat(romeo, "1"));
  await mine.client.cut();
  await other.client.sendText(`<a xmlns='${NS_SM}' h='2'/>`);
  await world.restart({ killed: true });
  await resume(mine, juliet, 1);
  // With its presence; if it were told of less it would send the message again.
  mine.client.receives(`<resumed xmlns='${NS_SM}' previd='${mine.id}' h='2'/>`);
});

for (const isWritten of [false, true])
  test(`a session that was refused to its client, as the disc ${isWritten ? "said wrongly" : "said"} that it cannot forget it, outlives a kill with all that comes [xep0198-5-13]`, async () => {
    await using world = await startWorld({ accounts });
    const mine = await managed(world, `${juliet}/balcony`);
    const sender = await available(world, `${romeo}/orchard`);
    await mine.client.cut();
    await sender.sendText(chat(`${juliet}/balcony`, "1"));
    mine.client.reconnect();
    await mine.client.authenticate("juliet", "capulet.example", "juliet");
    world.faults.failCommits("unavailable", isWritten);
    await mine.client.sendText(`<resume xmlns='${NS_SM}' previd='${mine.id}' h='1'/>`);
    assert.notEqual(mine.client.next().name, "resumed");
    world.faults.failCommits(undefined);
    await world.advance(5_000);
    await sender.sendText(chat(`${juliet}/balcony`, "2"));
    await world.restart({ killed: true });
    await resume(mine, juliet, 1);
    assert.deepEqual([mine.client.next().name, bodies(mine.client)], ["resumed", ["1", "2"]]);
  });

test("a message that a slow client leaves is written down for it, also behind one that it took late", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const mine = await managed(world, `${juliet}/balcony`);
  const { client: sender } = await managed(world, `${romeo}/orchard`);
  await mine.client.sendText(`<a xmlns='${NS_SM}' h='1'/>`);
  for (const [at, body] of ["1", "2", "3"].entries()) {
    await sender.sendText(`${chat(juliet, body)}<r xmlns='${NS_SM}'/>`);
    await world.advance(2_500);
    assert.equal(acks(sender).at(-1), String(at + 2), `${body} is safe without a word of its client`);
    await mine.client.sendText(`<a xmlns='${NS_SM}' h='${at + 2}'/>`);
  }
});
