import assert from "node:assert/strict";
import { test } from "node:test";
import { available, managed } from "#testing/scenario/devices.ts";
import { startWorld } from "#testing/scenario/world.ts";
import { securedAfterMs } from "./owed-stanza.ts";

const juliet = "juliet@capulet.example";
const romeo = "romeo@montague.example";

test("a message for an account whose session is over and cannot be read back waits until it can, and is not handed round", async () => {
  await using world = await startWorld({ accounts: [juliet, romeo] });
  const client = await world.login(`${juliet}/balcony`);
  await client.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true' max='5'/><presence/>");
  const sender = await world.login(`${romeo}/orchard`);
  const chat = (id: string): Promise<void> =>
    sender.sendText(`<message to='${juliet}' type='chat' id='${id}'><body>${id}</body></message>`);
  await client.cut();
  await chat("1");
  await world.advance(1_000);
  world.faults.failReads("unavailable");
  // Its time is up.
  await world.advance(5_000);
  await chat("2");
  world.faults.failReads(undefined);
  await world.advance(3 * securedAfterMs);
  const next = await world.login(`${juliet}/street`);
  await next.sendText("<presence/>");
  const bodies = next.pending.flatMap((stanza) => stanza.child("jabber:client", "body")?.text ?? []);
  assert.deepEqual(bodies.toSorted(), ["1", "2"]);
  assert.equal(
    sender.pending.some((stanza) => stanza.attr("type") === "error"),
    false,
  );
});

test("a session that leaves late, when another one is available in its place, is not said to be gone", async () => {
  await using world = await startWorld({ accounts: [juliet, romeo] });
  const watcher = await available(world, `${juliet}/street`);
  const { client } = await managed(world, `${juliet}/balcony`);
  const sender = await world.login(`${romeo}/orchard`);
  await client.cut();
  await sender.sendText(`<message to='${juliet}/balcony' type='chat' id='1'><body>1</body></message>`);
  client.reconnect();
  await client.authenticate("juliet", "capulet.example", "juliet");
  world.faults.failReads("unavailable");
  await client.bind("balcony");
  await client.sendText("<presence><priority>7</priority></presence>");
  world.faults.failReads(undefined);
  await world.advance(3 * securedAfterMs);
  const seen = watcher.pending.filter((stanza) => stanza.attr("from") === `${juliet}/balcony`);
  assert.deepEqual(
    seen.map((stanza) => stanza.attr("type") ?? stanza.child("jabber:client", "priority")?.text ?? "0"),
    ["0", "7"],
  );
  await client.close();
  assert.equal(watcher.pending.at(-1)?.attr("type"), "unavailable");
});
