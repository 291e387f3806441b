import assert from "node:assert/strict";
import { test } from "node:test";
import { NS_SM } from "#protocol/xml/namespaces.ts";
import { startWorld } from "#testing/scenario/world.ts";
import { securedAfterMs } from "./owed-stanza.ts";

const juliet = "juliet@capulet.example";
const romeo = "romeo@montague.example";

test("ids of sessions are the server's own, random and short: none is like another, even of one resource [xep0198-5-04] [xep0198-5-06] [xep0198-5-07] [xep0198-5-08]", async () => {
  await using world = await startWorld({ accounts: [juliet] });
  const ids: string[] = [];
  for (let count = 0; count < 10; count += 1) {
    const client = await world.login(`${juliet}/balcony`);
    await client.sendText(`<enable xmlns='${NS_SM}' resume='true' id='mine'/>`);
    ids.push(client.next().attr("id") ?? assert.fail());
    await client.close();
  }
  assert.equal(new Set(ids).size, 10);
  for (const id of ids) {
    assert.ok(id.length >= 16 && id.length <= 4_000, id);
    assert.ok(!id.includes("mine") && !id.includes("juliet") && !id.includes("balcony"), id);
  }
});

test("what a session owed when its time ran out says when it came [xep0198-4-11]", async () => {
  await using world = await startWorld({ accounts: [juliet, romeo] });
  const client = await world.login(`${juliet}/balcony`);
  await client.sendText(`<enable xmlns='${NS_SM}' resume='true'/><presence/>`);
  await client.cut();
  const sender = await world.login(`${romeo}/orchard`);
  const came = world.env.now();
  await sender.sendText(`<message to='${juliet}' type='chat'><body>1</body></message>`);
  await world.advance(3_600_000);
  const again = await world.login(`${juliet}/chamber`);
  await again.sendText("<presence/>");
  const delay = again.pending.at(-1)?.child("urn:xmpp:delay", "delay");
  const late = Date.parse(delay?.attr("stamp") ?? "") - came;
  assert.equal(delay?.attr("from"), "capulet.example");
  assert.ok(late >= 0 && late <= 2 * securedAfterMs, String(late));
});
