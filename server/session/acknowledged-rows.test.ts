import assert from "node:assert/strict";
import { test } from "node:test";
import { available, bodies, chat, managed, resume } from "#testing/scenario/devices.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const NS_SM = "urn:xmpp:sm:3";
const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";

/** Records of sessions, rows of what they owe, and kept messages of the second account. */
async function stored(world: World): Promise<readonly number[]> {
  const loading = world.store.load(juliet);
  const rows = world.store.page("owed-stanzas", juliet, { max: 100, direction: "forward" });
  const kept = world.store.page("offline", juliet, { max: 100, direction: "forward" });
  await world.settle();
  const [loaded, page, offline] = [await loading, await rows, await kept];
  assert.ok(page.found && offline.found);
  return [loaded.get("hibernated-sessions")?.size ?? 0, page.rows.length, offline.rows.length];
}

for (const { how, killed, comesBack } of [
  { how: "a stop in peace and a resumption", killed: false, comesBack: true },
  { how: "a kill and a resumption", killed: true, comesBack: true },
  { how: "a stop in peace, when its time has run out", killed: false, comesBack: false },
  { how: "a kill, when its time has run out", killed: true, comesBack: false },
])
  test(`of what a client acknowledged in a resumption that failed no row is left after ${how} [xep0198-5-20]`, async () => {
    await using world = await startWorld({ accounts: [romeo, juliet] });
    const mine = await managed(world, `${juliet}/balcony`);
    const sender = await available(world, `${romeo}/orchard`);
    await sender.sendText(chat(`${juliet}/balcony`, "1") + chat(`${juliet}/balcony`, "2"));
    await mine.client.cut();
    await sender.sendText(chat(`${juliet}/balcony`, "3"));
    mine.client.reconnect();
    await mine.client.authenticate("juliet", "capulet.example", "juliet");
    world.faults.failReads("unavailable");
    // Its presence and two messages.
    await mine.client.sendText(`<resume xmlns='${NS_SM}' previd='${mine.id}' h='3'/>`);
    assert.equal(mine.client.next().name, "failed");
    world.faults.failReads(undefined);
    await mine.client.cut();
    // Until the watermark is written, too: what came just before a kill may come once more.
    await world.advance(15_000);
    await world.restart({ killed });
    if (comesBack) {
      await resume(mine, juliet, 3);
      mine.client.receives(`<resumed xmlns='${NS_SM}' previd='${mine.id}' h='1'/>`);
      assert.deepEqual(bodies(mine.client), ["3"]);
      await mine.client.sendText(`<a xmlns='${NS_SM}' h='4'/></stream:stream>`);
    }
    await world.advance(700_000);
    assert.deepEqual(await stored(world), [0, 0, comesBack ? 0 : 1]);
  });
