import assert from "node:assert/strict";
import { test } from "node:test";
import { NS_SM } from "#protocol/xml/namespaces.ts";
import { available, bodies, chat, managed } from "#testing/scenario/devices.ts";
import { storedOfSessions } from "#testing/scenario/stored-rows.ts";
import { startWorld } from "#testing/scenario/world.ts";
import { sweepIntervalMs } from "../account/registry.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";

test("what a client acknowledged as it was refused its session is not forgotten by sleep: no row of it stays, and nobody gets it again [xep0198-4-07]", async () => {
  await using world = await startWorld({ accounts: [romeo, juliet] });
  const mine = await managed(world, `${juliet}/balcony`);
  const sender = await available(world, `${romeo}/orchard`);
  // A row of its own, which no other store knows of.
  await sender.sendText(
    `<message to='${juliet}/balcony' type='chat'><body>1</body><no-store xmlns='urn:xmpp:hints'/></message>`,
  );
  await mine.client.cut();
  await sender.sendText(chat(`${juliet}/balcony`, "2"));
  mine.client.reconnect();
  await mine.client.authenticate("juliet", "capulet.example", "juliet");
  world.faults.failReads("unavailable");
  await mine.client.sendText(`<resume xmlns='${NS_SM}' previd='${mine.id}' h='2'/>`);
  world.faults.failReads(undefined);
  assert.notEqual(mine.client.next().name, "resumed");
  await mine.client.cut();
  await world.advance(3 * sweepIntervalMs);
  const other = await available(world, `${juliet}/chamber`);
  await world.advance(600_000);
  assert.deepEqual(bodies(other), ["2"]);
  assert.deepEqual(await storedOfSessions(world, juliet), [0, 0, 0]);
});
