import assert from "node:assert/strict";
import { test } from "node:test";
import { serialize } from "#protocol/xml/serialize.ts";
import { irc, joined, online, romeo, startWithComponents } from "../scenario/components.ts";

// What a client of ours forges is taken out when it leaves. What comes from outside, as from a component, only when it arrives.

const client = `${romeo}/orchard`;
const body = "<body>Hark</body>";
const carbon = (way: string): string =>
  `<${way} xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>` +
  `<message xmlns='jabber:client' from='nurse@montague.example/x' to='${client}'><body>Go</body></message></forwarded></${way}>`;

const forgeries: readonly (readonly [what: string, payload: string, sign: RegExp])[] = [
  ["A38 a carbon of what was received", carbon("received"), /carbons/],
  ["A38 a carbon of what was sent", carbon("sent"), /carbons/],
  [
    "A39 an id that the account itself would give, twice",
    `<stanza-id xmlns='urn:xmpp:sid:0' id='forged' by='${romeo}'/>`.repeat(2),
    /id='forged'/,
  ],
  [
    "A43 a time stamp in the name of the recipient's server",
    "<delay xmlns='urn:xmpp:delay' from='montague.example' stamp='1597-01-01T00:00:00Z'/>",
    /1597/,
  ],
];

for (const [what, payload, sign] of forgeries)
  test(`${what}, made outside this server, does not arrive, and the rest does`, async () => {
    await using world = await startWithComponents();
    const gateway = await joined(world);
    const victim = await online(world, client);
    for (const to of [client, romeo]) {
      await gateway.sendText(`<message from='nurse@${irc}' to='${to}' type='chat'>${payload}${body}</message>`);
      const text = serialize(victim.next());
      assert.match(text, /<body>Hark<\/body>/);
      assert.doesNotMatch(text, sign);
    }
    await victim.close();
    await world.advance(600_000);
    await gateway.sendText(`<message from='nurse@${irc}' to='${romeo}' type='chat'>${payload}${body}</message>`);
    const again = await online(world, client);
    const later = await world.login(`${romeo}/late`);
    await later.sendText("<presence/>");
    for (const { pending } of [again, later])
      for (const stanza of pending) assert.doesNotMatch(serialize(stanza), sign, "nor from what is kept");
  });

test("A38 A39 A43 nor does any of it leave, when one of ours has made it", async () => {
  await using world = await startWithComponents();
  const gateway = await joined(world);
  const forger = await online(world, client);
  for (const [what, payload, sign] of forgeries) {
    await forger.sendText(`<message to='nurse@${irc}' type='chat'>${payload}${body}</message>`);
    const text = serialize(gateway.next());
    assert.match(text, /<body>Hark<\/body>/);
    assert.doesNotMatch(text, sign, what);
  }
});

test("A38 a page of somebody's archive that was made outside is what a stranger wrote, and says so", async () => {
  await using world = await startWithComponents();
  const gateway = await joined(world);
  const victim = await online(world, client);
  const result = `<result xmlns='urn:xmpp:mam:2' queryid='q' id='1'><forwarded xmlns='urn:xmpp:forward:0'/></result>`;
  await gateway.sendText(`<message from='nurse@${irc}' to='${client}'>${result}</message>`);
  for (const stanza of victim.pending) assert.equal(stanza.attr("from"), `nurse@${irc}`);
  await gateway.sendText(`<message from='${romeo}' to='${client}'>${result}</message>`);
  assert.equal(gateway.streamClosed, true, "in the account's own name it cannot");
});
