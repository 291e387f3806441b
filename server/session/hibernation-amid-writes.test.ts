import assert from "node:assert/strict";
import { test } from "node:test";
import { available, managed, resume } from "#testing/scenario/devices.ts";
import { startWorld } from "#testing/scenario/world.ts";

const juliet = "juliet@capulet.example";
const NS_ROSTER = "jabber:iq:roster";
const discMs = 1_000;

// Whenever the kill comes: a session that is there again has been sent the change, or the change is not there.
for (const killedAfterMs of [500, 1_500, 2_500, 3_500, 4_500])
  test(`a change that is being written when another device is cut comes to that one with the next server, killed after ${killedAfterMs} ms`, async () => {
    await using world = await startWorld({ accounts: [juliet] });
    const mine = await managed(world, `${juliet}/balcony`);
    await mine.client.sendText(`<iq type='get' id='r'><query xmlns='${NS_ROSTER}'/></iq>`);
    const handled = mine.client.pending.filter(({ name }) => name === "iq" || name === "presence").length;
    const other = await available(world, `${juliet}/chamber`);
    await mine.client.sendText(`<a xmlns='urn:xmpp:sm:3' h='${handled + 1}'/>`);
    mine.client.ignoreAll();
    other.ignoreAll();

    world.slowDisc(discMs);
    await other.sendText(
      `<iq type='set' id='s'><query xmlns='${NS_ROSTER}'><item jid='romeo@montague.example'/></query></iq>`,
    );
    await mine.client.cut();
    await world.advance(killedAfterMs);
    other.ignoreAll();
    world.slowDisc(0);
    await world.restart({ killed: true });

    await resume(mine, juliet, handled + 1);
    const isBack = mine.client.next().name === "resumed";
    const pushes = mine.client.pending.filter((element) => element.name === "iq" && element.attr("type") === "set");
    mine.client.ignoreAll();
    if (!isBack) await mine.client.bind("balcony");
    await mine.client.sendText(`<iq type='get' id='q'><query xmlns='${NS_ROSTER}'/></iq>`);
    const [contact] = mine.client.next().child(NS_ROSTER, "query")?.elements() ?? [];
    if (isBack) assert.equal(pushes.length, contact === undefined ? 0 : 1);
    else assert.ok(killedAfterMs < 4 * discMs, "by then it hibernates");
  });
