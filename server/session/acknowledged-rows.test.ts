import assert from "node:assert/strict";
import { test } from "node:test";
import { available, bodies, chat, managed, resume } from "#testing/scenario/devices.ts";
import { storedOfSessions } from "#testing/scenario/stored-rows.ts";
import { startWorld } from "#testing/scenario/world.ts";

const NS_SM = "urn:xmpp:sm:3";
const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";

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
    assert.deepEqual(await storedOfSessions(world, juliet), [0, 0, comesBack ? 0 : 1]);
  });
