import assert from "node:assert/strict";
import { test } from "node:test";
import { serialize } from "#protocol/xml/serialize.ts";
import { irc, joined, startWithComponents } from "#testing/scenario/components.ts";
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

test("A15 S1 of requests that strangers elsewhere made large no more is kept than a client can be sent, and of each who asks", async () => {
  await using world = await startWithComponents();
  const gateway = await joined(world);
  const status = `<status>${"x".repeat(250_000)}</status>`;
  for (let at = 0; at < 20; at += 1)
    await gateway.sendText(
      `<presence type='subscribe' from='s${at}@${irc}' to='${romeo}' id='${at}'>${status}</presence>`,
    );
  for (let turn = 0; turn < 2; turn += 1) {
    const client = await world.login(`${romeo}/orchard`);
    await client.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    client.ignoreAll();
    await client.sendText("<presence/>");
    const requests = client.pending.filter((stanza) => stanza.attr("type") === "subscribe");
    assert.deepEqual(
      requests.map((stanza) => [stanza.attr("from"), stanza.attr("id")]),
      Array.from({ length: 20 }, (_, at) => [`s${at}@${irc}`, `${at}`]),
    );
    for (const stanza of requests) assert.ok(serialize(stanza).length < 2_100);
    assert.equal(client.streamClosed, false);
    await client.close();
  }
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
