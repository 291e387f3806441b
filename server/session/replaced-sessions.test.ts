import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { storedOfSessions } from "#testing/scenario/stored-rows.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { securedAfterMs } from "./owed-stanza.ts";

const NS_SM = "urn:xmpp:sm:3";
const juliet = "juliet@capulet.example";
const romeo = "romeo@montague.example";
const accounts = [juliet, romeo];

async function managed(world: World): Promise<{ readonly client: ScriptedClient; readonly id: string }> {
  const client = await world.login(`${juliet}/balcony`);
  await client.sendText(`<enable xmlns='${NS_SM}' resume='true'/>`);
  const id = client.next().attr("id") ?? "";
  await client.sendText("<presence/>");
  client.ignoreAll();
  return { client, id };
}

/** A session hibernates, and another one takes its place while nothing can be written. */
async function replaced(world: World): Promise<Awaited<ReturnType<typeof managed>>> {
  const old = await managed(world);
  await old.client.cut();
  const sender = await world.login(`${romeo}/orchard`);
  await sender.sendText(`<message to='${juliet}' type='chat' id='1'><body>1</body></message>`);
  assert.deepEqual((await storedOfSessions(world, juliet)).slice(0, 2), [1, 2]);
  world.faults.failCommits("read-only");
  await world.advance(100);
  const next = await managed(world);
  world.faults.failCommits(undefined);
  assert.deepEqual((await storedOfSessions(world, juliet)).slice(0, 2), [1, 2]);
  return next;
}

test("a session whose place another one took is forgotten as soon as that can be written", async () => {
  await using world = await startWorld({ accounts });
  await replaced(world);
  await world.advance(securedAfterMs + 10);
  assert.deepEqual((await storedOfSessions(world, juliet)).slice(0, 2), [0, 0]);
});

test("a kill ahead of that leaves the session that took its place, which is resumed, and each message comes once [xep0198-5-13]", async () => {
  await using world = await startWorld({ accounts });
  const { client, id } = await replaced(world);
  await client.cut();
  await world.restart({ killed: true });
  assert.equal((await storedOfSessions(world, juliet))[0], 1);
  client.reconnect();
  await client.authenticate("juliet", "capulet.example", "juliet");
  await client.sendText(`<resume xmlns='${NS_SM}' previd='${id}' h='1'/>`);
  assert.equal(client.next().name, "resumed");
  await client.sendText("<presence type='unavailable'/><presence/>");
  const bodies = client.pending.flatMap((stanza) => stanza.child("jabber:client", "body")?.text ?? []);
  assert.deepEqual(bodies, ["1"]);
});
