import assert from "node:assert/strict";
import { test } from "node:test";
import { NS_SM } from "#protocol/xml/namespaces.ts";
import { available, bodies, chat, managed, resume } from "#testing/scenario/devices.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const accounts = [romeo, juliet];
const resumeMs = 600_000;

/** Juliet has two devices, the first of which, or both, are cut; a message comes for her, and a kill. */
async function foundByAKill(world: World, { cut }: { readonly cut: 1 | 2 }) {
  const devices = [await managed(world, `${juliet}/balcony`), await managed(world, `${juliet}/chamber`)] as const;
  const sender = await available(world, `${romeo}/orchard`);
  for (const { client } of devices.slice(0, cut)) await client.cut();
  await sender.sendText(chat(juliet, "1"));
  await world.restart({ killed: true });
  return devices;
}

test("S9 a message that a kill found with two devices does not come twice to the one that was there, and comes once to the next", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const [, there] = await foundByAKill(world, { cut: 1 });
  assert.deepEqual(bodies(there.client), ["1"]);
  const back = await available(world, `${juliet}/chamber`);
  await world.advance(resumeMs);
  assert.deepEqual(bodies(back), [], "it was shown it before");
  assert.deepEqual(bodies(await available(world, `${juliet}/garden`)), ["1"], "who knows who had it");
});

test("S9 a message that a kill found with two sessions that hibernated, and one of them takes, comes to nobody else", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const [one] = await foundByAKill(world, { cut: 2 });
  await resume(one, juliet, 2);
  assert.deepEqual(bodies(one.client), ["1"]);
  await one.client.sendText(`<a xmlns='${NS_SM}' h='3'/>`);
  await world.advance(resumeMs);
  assert.deepEqual(bodies(await available(world, `${juliet}/garden`)), []);
});
