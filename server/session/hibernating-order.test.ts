import assert from "node:assert/strict";
import { test } from "node:test";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { available, chat, managed, resume } from "#testing/scenario/devices.ts";
import { startWorld } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";

test("a message does not overtake the presence that was sent ahead of it to a hibernating session, however slow the disc is [rfc6120-10.1-01]", async () => {
  await using world = await startWorld({ accounts: [romeo, juliet] });
  const mine = await managed(world, `${juliet}/balcony`);
  const sender = await available(world, `${romeo}/orchard`);
  await mine.client.cut();
  world.slowDisc(100);
  const presence = `<presence to='${juliet}/balcony'><status>2</status></presence>`;
  // While the row of the first is on its way to the disc, the presence waits behind it and a message need not.
  for (const text of [chat(`${juliet}/balcony`, "1"), presence, chat(`${juliet}/balcony`, "3")])
    await sender.sendText(text);
  await world.advance(5_000);
  world.slowDisc(0);
  await resume(mine, juliet, 1);
  const told = mine.client.pending.flatMap(
    (each) => (each.child(NS_CLIENT, "body") ?? each.child(NS_CLIENT, "status"))?.text ?? [],
  );
  assert.deepEqual(told, ["1", "2", "3"]);
});
