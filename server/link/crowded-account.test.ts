import assert from "node:assert/strict";
import { test } from "node:test";
import { startNeighbours } from "#testing/scenario/neighbours.ts";
import { startWorld } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";

function chat(to: string, body: string): string {
  return `<message to='${to}' type='chat' id='${body}'><body>${body}</body></message>`;
}

const ids = Array.from({ length: 400 }, (_unused, number) => `m${number}`);

test("who writes faster than the disc, to somebody here or elsewhere, is read more slowly: nothing is refused, and all of it arrives in order", async () => {
  await using neighbours = await startNeighbours({ settings: { mailboxStanzasMax: 50 } });
  const { montague, capulet, env } = neighbours;
  const orchard = await montague.login(`${romeo}/orchard`);
  const balcony = await capulet.login(`${juliet}/balcony`);
  await balcony.sendText("<presence/>");
  await orchard.sendText("<presence/>");
  balcony.ignoreAll();
  orchard.ignoreAll();
  montague.slowDisc(50);
  await orchard.sendText(ids.map((id) => chat(juliet, id)).join(""));
  await env.advance(60_000);
  assert.deepEqual(
    orchard.pending.map((stanza) => stanza.attr("type")),
    [],
  );
  assert.deepEqual(
    balcony.pending.map((stanza) => stanza.attr("id")),
    ids,
  );
  assert.deepEqual(montague.limitsHit, []);
});

test("whose account others keep busy is slowed down, and not silenced", async () => {
  await using world = await startWorld({ accounts: [romeo, juliet], settings: { mailboxStanzasMax: 20 } });
  const balcony = await world.login(`${juliet}/balcony`);
  const orchard = await world.login(`${romeo}/orchard`);
  world.slowDisc(1_000);
  await orchard.sendText(
    ids
      .slice(0, 15)
      .map((id) => chat(juliet, id))
      .join(""),
  );
  const sent = world.tally.stanzasReceived;
  await balcony.sendText("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>".repeat(3));
  await world.advance(100);
  assert.equal(world.tally.stanzasReceived, sent + 3);
});
