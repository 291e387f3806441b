import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { offlineRows } from "#testing/scenario/stored-rows.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const julietJid = "juliet@capulet.example";
const romeoJid = "romeo@montague.example";

interface Stage {
  readonly world: World;
  readonly balcony: ScriptedClient;
  readonly chamber: ScriptedClient;
  readonly say: (id: string) => Promise<void>;
}

/** Juliet has two devices of one priority, so that both are given what comes for her. */
async function stage(): Promise<Stage> {
  const world = await startWorld({ accounts: [julietJid, romeoJid] });
  const [balcony, chamber] = [await world.login(`${julietJid}/balcony`), await world.login(`${julietJid}/chamber`)];
  for (const device of [balcony, chamber])
    await device.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true' max='60'/><presence/>");
  const romeo = await world.login(`${romeoJid}/orchard`);
  for (const device of [balcony, chamber]) device.ignoreAll();
  const say = (id: string): Promise<void> =>
    romeo.sendText(`<message to='${julietJid}' type='chat' id='${id}'><body>${id}</body></message>`);
  return { world, balcony, chamber, say };
}

function idsOf(client: ScriptedClient): readonly (string | undefined)[] {
  const ids = client.pending.filter(({ name }) => name === "message").map((message) => message.attr("id"));
  client.ignoreAll();
  return ids;
}

test("a device that has a message does not get it again when another one ends without it", async () => {
  const { world, balcony, chamber, say } = await stage();
  await using _ = world;
  await say("1");
  assert.deepEqual(idsOf(balcony), ["1"]);
  await chamber.cut();
  await world.advance(50_000);
  // It is still there; only what it was given is late.
  await balcony.sendText("<r xmlns='urn:xmpp:sm:3'/>");
  await world.advance(40_000);
  assert.deepEqual(idsOf(balcony), []);
  await balcony.sendText("<a xmlns='urn:xmpp:sm:3' h='3'/>");
  assert.equal(await offlineRows(world, julietJid), 0);
});

test("what every device that was given it ended without waits for the next one, once", async () => {
  const { world, balcony, chamber, say } = await stage();
  await using _ = world;
  await say("1");
  await chamber.cut();
  await balcony.cut();
  await world.advance(3_000);
  assert.equal(await offlineRows(world, julietJid), 1);
  await world.advance(120_000);
  const tomb = await world.login(`${julietJid}/tomb`);
  await tomb.sendText("<presence/>");
  assert.deepEqual(idsOf(tomb), ["1"]);
  assert.equal(await offlineRows(world, julietJid), 0);
});

test("kept messages that cannot be read at the log-in come as soon as they can", async () => {
  const world = await startWorld({ accounts: [julietJid, romeoJid] });
  await using _ = world;
  const romeo = await world.login(`${romeoJid}/orchard`);
  await romeo.sendText(`<message to='${julietJid}' type='chat' id='1'><body>1</body></message>`);
  const juliet = await world.login(`${julietJid}/balcony`);
  world.faults.failReads("unavailable");
  await juliet.sendText("<presence/>");
  assert.deepEqual(idsOf(juliet), []);
  world.faults.failReads(undefined);
  await world.advance(1_000);
  assert.deepEqual(idsOf(juliet), ["1"]);
  assert.deepEqual(
    world.log.filter(({ level }) => level === "error"),
    [],
  );
});
