import assert from "node:assert/strict";
import { test } from "node:test";
import { serialize } from "#protocol/xml/serialize.ts";
import { startWorld, worldLinkLimits, type World } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const contacts = 200;

/** A world where romeo has many contacts that see his presence, and may send ten stanzas a second after the first hundred. */
async function withContacts(): Promise<World> {
  const link = { ...worldLinkLimits, stanzasRate: { perSecond: 10, burst: 100 } };
  const world = await startWorld({ accounts: [romeo, juliet], settings: { link } });
  const item = {
    groups: [],
    subscription: "from",
    ask: false,
    pendingIn: false,
    approved: false,
    listed: true,
    changed: 0,
  };
  const written = world.store.commit(
    Array.from({ length: contacts }, (_, at) => {
      const jid = `contact${at}@capulet.example`;
      return { op: "set", store: "roster", owner: romeo, key: jid, value: JSON.stringify({ jid, ...item }) } as const;
    }),
  );
  await world.settle();
  await written;
  await world.restart();
  return world;
}

test("A15 presence that goes to many counts as more than one stanza of who sends it, and all of it goes out in time", async () => {
  await using world = await withContacts();
  const client = await world.login(`${romeo}/orchard`);
  await client.sendText("<presence/>");
  await world.advance(60_000);
  const before = world.tally.stanzasReceived;
  client.transport.send("<presence/>".repeat(20));
  await world.settle();
  const atOnce = world.tally.stanzasReceived - before;
  assert.ok(atOnce >= 3 && atOnce <= 6, `${atOnce} were taken at once`);
  assert.ok(world.limitsHit.includes("rate-stanzas"));
  await world.advance(60_000);
  assert.equal(world.tally.stanzasReceived - before, 20);
  assert.equal(client.streamClosed, false);
});

test("A15 nor does it help to block and unblock them all", async () => {
  await using world = await withContacts();
  const client = await world.login(`${romeo}/orchard`);
  await client.sendText("<presence/>");
  await world.advance(60_000);
  const before = world.tally.stanzasReceived;
  const change = (name: string): string =>
    `<iq type='set' id='${name}'><${name} xmlns='urn:xmpp:blocking'><item jid='capulet.example'/></${name}></iq>`;
  client.transport.send((change("block") + change("unblock")).repeat(10));
  await world.settle();
  const atOnce = world.tally.stanzasReceived - before;
  assert.ok(atOnce >= 3 && atOnce <= 6, `${atOnce} were taken at once`);
  await world.advance(60_000);
  assert.equal(world.tally.stanzasReceived - before, 20);
});

test("A15 a presence that is large is refused, and goes to nobody", async () => {
  await using world = await startWorld({ accounts: [romeo, juliet] });
  const client = await world.login(`${romeo}/orchard`);
  const witness = await world.login(`${juliet}/balcony`);
  const status = `<status>${"x".repeat(20_000)}</status>`;
  for (const to of ["", ` to='${juliet}/balcony'`]) {
    await client.sendText(`<presence${to}>${status}</presence>`);
    assert.match(serialize(client.next()), /type='error'.*<policy-violation/);
  }
  witness.receivesNothing();
});
