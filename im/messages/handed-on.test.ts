import assert from "node:assert/strict";
import { test } from "node:test";
import { NS_SM } from "#protocol/xml/namespaces.ts";
import { available, bodies, chat, errors, managed, resume } from "#testing/scenario/devices.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const accounts = [romeo, juliet];
const resumeMs = 600_000;

/** It has all that it was sent. */
async function take(client: ScriptedClient): Promise<void> {
  const taken = client.pending.filter(({ name }) => name === "message" || name === "presence").length;
  await client.sendText(`<a xmlns='${NS_SM}' h='${taken}'/>`);
}

test("S9 a message that two sessions were handed is kept for the one that hibernates when the other has it", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const over = await managed(world, `${juliet}/balcony`);
  const away = await managed(world, `${juliet}/chamber`);
  const there = await managed(world, `${juliet}/garden`);
  const sender = await available(world, `${romeo}/orchard`);
  await over.client.cut();
  await sender.sendText(chat(`${juliet}/balcony`, "1"));
  await world.advance(resumeMs / 2);
  await take(away.client);
  const shown = away.client.pending.filter(({ name }) => name === "presence").length;
  await away.client.cut();
  await world.advance(resumeMs / 2);
  assert.deepEqual(bodies(there.client), ["1"]);
  await take(there.client);
  await world.restart({ killed: true });
  await resume(away, juliet, shown);
  assert.equal(away.client.next().name, "resumed");
  assert.deepEqual(bodies(away.client), ["1"]);
});

test("S9 a message of a session that ends without a word of it does not go to a device that has read it in the archive", async () => {
  await using world = await startWorld({ accounts });
  const over = await managed(world, `${juliet}/balcony`);
  const reader = await available(world, `${juliet}/chamber`);
  const sender = await available(world, `${romeo}/orchard`);
  await sender.sendText(chat(`${juliet}/balcony`, "1"));
  reader.ignoreAll();
  await reader.sendText("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
  assert.ok(reader.pending.some((stanza) => stanza.child("urn:xmpp:mam:2", "result") !== undefined));
  await over.client.close();
  assert.deepEqual(bodies(reader), []);
});

test("what a cut session owes takes no room from the messages that wait for the account", async () => {
  await using world = await startWorld({
    accounts,
    options: { archive: false, "messages.offline_messages_max": 1 },
  });
  const mine = await managed(world, `${juliet}/balcony`);
  // Messages for the account are not for it.
  await mine.client.sendText("<presence><priority>-1</priority></presence>");
  const sender = await available(world, `${romeo}/orchard`);
  await mine.client.cut();
  await sender.sendText(chat(`${juliet}/balcony`, "1") + chat(juliet, "2"));
  assert.equal(errors(sender), 0);
  assert.deepEqual(bodies(await available(world, `${juliet}/chamber`)), ["2"]);
});

test("kept messages come ahead of one that arrived while the account's data were read anew [rfc6120-10.1-01]", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const sender = await available(world, `${romeo}/orchard`);
  await sender.sendText(chat(juliet, "1"));
  const client = await world.login(`${juliet}/balcony`);
  world.slowDisc(100);
  world.faults.failCommits("full");
  await client.sendText("<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='a@b.example'/></query></iq>");
  await world.advance(220);
  world.faults.failCommits(undefined);
  await client.sendText("<presence/>");
  await sender.sendText(chat(juliet, "2"));
  assert.deepEqual(bodies(client), []);
  await world.advance(5_000);
  assert.equal(errors(client), 1);
  assert.deepEqual(bodies(client), ["1", "2"]);
});
