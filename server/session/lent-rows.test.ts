import assert from "node:assert/strict";
import { test } from "node:test";
import { available, chat, managed, resume, type Managed } from "#testing/scenario/devices.ts";
import { storedOfSessions } from "#testing/scenario/stored-rows.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const NS_SM = "urn:xmpp:sm:3";
const juliet = "juliet@capulet.example";
const nurse = "nurse@capulet.example";
const carbons = "<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>";

/**
 * Juliet's first device hibernates, and her second one has written to the nurse, whose owner is to commit the copy for the
 * first one with what it writes itself, and is busy.
 */
async function withCopyLent(world: World): Promise<{ readonly mine: Managed; readonly goOn: () => void }> {
  const mine = await managed(world, `${juliet}/balcony`);
  await mine.client.sendText(carbons);
  const other = await available(world, `${juliet}/garden`);
  await available(world, `${nurse}/kitchen`);
  await mine.client.sendText(`<r xmlns='${NS_SM}'/>`);
  await mine.client.cut();
  await world.advance(1_000);
  const busy = Promise.withResolvers<void>();
  const [session] = [...world.core.registry.sessions()].filter(({ jid }) => jid === `${nurse}/kitchen`);
  session?.account.postLocal(() => busy.promise);
  mine.client.ignoreAll();
  await other.sendText(chat(nurse, "1"));
  return { mine, goOn: busy.resolve };
}

test("a copy that another owner commits leaves no row behind when its device comes back meanwhile, and comes once", async () => {
  await using world = await startWorld({ accounts: [juliet, nurse], options: { archive: true } });
  const { mine, goOn } = await withCopyLent(world);
  await resume(mine, juliet, 0);
  await world.advance(1_000);
  goOn();
  await world.advance(1_000);
  assert.deepEqual(
    mine.client.pending.filter(({ name }) => name === "resumed" || name === "message").map(({ name }) => name),
    ["resumed", "message"],
  );
  assert.deepEqual((await storedOfSessions(world, juliet)).slice(0, 2), [0, 0]);
});

test("a copy that another owner commits leaves no row behind when its device's time runs out meanwhile", async () => {
  await using world = await startWorld({ accounts: [juliet, nurse], options: { archive: true } });
  const { goOn } = await withCopyLent(world);
  await world.advance(700_000);
  goOn();
  await world.advance(10_000);
  assert.deepEqual((await storedOfSessions(world, juliet)).slice(0, 2), [0, 0]);
});
