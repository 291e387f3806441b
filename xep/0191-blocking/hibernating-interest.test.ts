import assert from "node:assert/strict";
import { test } from "node:test";
import { available, managed, resume } from "#testing/scenario/devices.ts";
import { startWorld } from "#testing/scenario/world.ts";
import { NS_BLOCKING } from "./elements.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";

test("a session that asked who is blocked hears of changes also after it hibernated and the server was restarted [xep0191-3.3-02]", async () => {
  await using world = await startWorld({ accounts: [romeo, juliet] });
  const mine = await managed(world, `${juliet}/balcony`);
  await mine.client.sendText(`<iq type='get' id='l'><blocklist xmlns='${NS_BLOCKING}'/></iq>`);
  await mine.client.cut();
  await world.restart();
  await resume(mine, juliet, 2);
  assert.equal(mine.client.next().name, "resumed");
  const other = await available(world, `${juliet}/chamber`);
  await other.sendText(`<iq type='set' id='b'><block xmlns='${NS_BLOCKING}'><item jid='${romeo}'/></block></iq>`);
  const pushed = mine.client.pending.flatMap((stanza) => stanza.child(NS_BLOCKING, "block")?.elements() ?? []);
  assert.deepEqual(
    pushed.map((item) => [item.name, item.attr("jid")]),
    [["item", romeo]],
  );
});
