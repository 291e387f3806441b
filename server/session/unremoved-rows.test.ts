import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { offlineRows } from "#testing/scenario/stored-rows.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const NS_SM = "urn:xmpp:sm:3";
const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const accounts = [romeo, juliet];
const bodies = (client: ScriptedClient): readonly string[] =>
  client.pending.flatMap((stanza) => stanza.child("jabber:client", "body")?.text ?? []);

/** Juliet's client has had a message, which was written down as it took its time, and whose row could not be removed. */
async function withRowLeft(world: World): Promise<{ readonly client: ScriptedClient; readonly id: string }> {
  const client = await world.login(`${juliet}/balcony`);
  await client.sendText(`<enable xmlns='${NS_SM}' resume='true'/>`);
  const id = client.next().attr("id") ?? "";
  await client.sendText("<presence/>");
  const sender = await world.login(`${romeo}/orchard`);
  await sender.sendText(`<message to='${juliet}' type='chat' id='1'><body>1</body></message>`);
  await world.advance(2_500);
  assert.deepEqual(bodies(client), ["1"]);
  assert.equal(await offlineRows(world, juliet), 1);
  world.faults.failCommits("unavailable");
  await client.sendText(`<a xmlns='${NS_SM}' h='2'/>`);
  world.faults.failCommits(undefined);
  assert.equal(await offlineRows(world, juliet), 1);
  client.ignoreAll();
  return { client, id };
}

for (const { how, killed } of [
  { how: "a stop in peace", killed: false },
  { how: "a cut and a kill", killed: true },
])
  test(`what a client has, and the disc did not let go of, does not come again after ${how} and a resumption [xep0198-4-09]`, async () => {
    await using world = await startWorld({ accounts });
    const { client, id } = await withRowLeft(world);
    if (killed) await client.cut();
    await world.restart({ killed });
    client.reconnect();
    await client.authenticate("juliet", "capulet.example", "juliet");
    await client.sendText(`<resume xmlns='${NS_SM}' previd='${id}' h='2'/>`);
    client.receives(`<resumed xmlns='${NS_SM}' previd='${id}' h='1'/>`);
    assert.equal(await offlineRows(world, juliet), 0);
    await client.sendText("<presence type='unavailable'/><presence/>");
    assert.deepEqual(bodies(client), []);
  });

test("what a client has, and the disc did not let go of, is gone when nobody uses the account any more", async () => {
  await using world = await startWorld({ accounts });
  const { client } = await withRowLeft(world);
  await client.sendText("</stream:stream>");
  await world.advance(120_000);
  assert.equal(await offlineRows(world, juliet), 0);
});
