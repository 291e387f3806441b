import assert from "node:assert/strict";
import { test } from "node:test";
import { unboundChannel } from "#protocol/stream/secure-channel.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { DerivationRefused } from "#kit/env.ts";
import { startWorld, worldLinkLimits, type World } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const plain = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${btoa("\0romeo\0romeo")}</auth>`;

const bounds: readonly (readonly [limit: string, hit: (world: World) => Promise<void>, got: string, rule?: string])[] =
  [
    [
      "stanza-size",
      async (world) => {
        const client = await world.login(`${romeo}/orchard`);
        await client.sendText(`<message><body>marked ${"x".repeat(300_000)}</body></message>`);
        assert.ok(client.streamClosed);
        assert.doesNotMatch(client.pending.map((element) => serialize(element)).join(""), /marked/);
      },
      "policy-violation",
      "[rfc6120-8.3.1-09] [rfc6120-13.12-08] [rfc6120-13.12-11]",
    ],
    [
      "negotiation-time",
      async (world) => {
        await world.connect().open("montague.example");
        await world.advance(60_000);
      },
      "policy-violation",
    ],
    [
      "unsent-bytes",
      async (world) => {
        const client = await world.login(`${romeo}/orchard`);
        client.transport.stalled = true;
        for (let sent = 0; sent < 6; sent += 1)
          await client.sendText(`<message to='${client.jid}'><body>${"x".repeat(200_000)}</body></message>`);
      },
      "",
    ],
    [
      "key-derivations",
      async (world) => {
        Object.assign(world.env, { deriveKey: () => Promise.reject(new DerivationRefused("too many")) });
        const client = world.connect();
        await client.open("montague.example");
        await client.sendText(plain);
        assert.equal(client.pending.at(-1)?.elements()[0]?.name, "temporary-auth-failure");
      },
      "",
    ],
  ];

for (const [limit, hit, condition, rule = ""] of bounds)
  test(`the bound ${limit} is counted when it is hit, once${condition === "" ? "" : `, and ends the stream with ${condition}`} ${rule}`, async () => {
    await using world = await startWorld({ accounts: [romeo] });
    await hit(world);
    assert.deepEqual(world.limitsHit, [limit]);
    await world.advance(20_000);
    const ends = world.log.flatMap(({ level, fields }) => (level === "info" ? (fields["condition"] ?? []) : []));
    if (condition !== "") assert.deepEqual(ends, [condition]);
  });

test("a stream ends with reset when the certificate that it rests on expires [rfc6120-13.7.2.3-01]", async () => {
  await using world = await startWorld({ accounts: [romeo] });
  const certificate = [{ address: romeo, username: "romeo" }];
  const client = world.connect({
    channel: { ...unboundChannel, certificate, certifiedUntil: world.env.now() + 60_000 },
  });
  await client.open("montague.example");
  await client.sendText("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>");
  assert.equal(client.next().name, "success");
  await client.restart("montague.example");
  await client.bind("orchard");
  const other = await world.login(`${romeo}/street`);
  await world.advance(50_000);
  assert.equal(client.streamClosed, false);
  await world.advance(20_000);
  assert.equal(client.next().elements()[0]?.name, "reset");
  assert.ok(client.streamClosed);
  assert.equal(other.streamClosed, false);
});

test("a client that is silent is asked after a while, not often; one that answers stays, one that does not counts as cut [rfc6120-4.6.4-01] [xep0198-1-01]", async () => {
  const link = { ...worldLinkLimits, pingAfterMs: 30_000, pingAnswerMsMax: 10_000 };
  await using world = await startWorld({ accounts: [romeo], settings: { link } });
  const polite = await world.login(`${romeo}/orchard`);
  const silent = await world.login(`${romeo}/street`);
  await world.advance(35_000);
  assert.equal(polite.next().elements()[0]?.name, "ping");
  await polite.sendText(" ");
  await world.advance(15_000);
  assert.deepEqual([polite.connectionClosed, silent.connectionClosed], [false, true]);
  assert.deepEqual(world.limitsHit, ["ping-answer"]);
});
