import assert from "node:assert/strict";
import { test } from "node:test";
import { NS_BIND, NS_SM } from "#protocol/xml/namespaces.ts";
import { available, bodies, chat } from "#testing/scenario/devices.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, worldLinkLimits } from "#testing/scenario/world.ts";

const juliet = "juliet@capulet.example";
const romeo = "romeo@montague.example";
const NS_MAM = "urn:xmpp:mam:2";
const ask = "<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>";
const named = (name: string): string =>
  `<iq type='set' id='${name}'><query xmlns='jabber:iq:roster'><item jid='${romeo}' name='${name}'/></query></iq>`;
/** What the client was told of rosters and has not looked at yet. */
const told = (client: ScriptedClient): readonly string[] =>
  client.pending.flatMap((stanza) =>
    (stanza.child("jabber:iq:roster", "query")?.elements() ?? []).map(
      (item) => `${stanza.attr("type")} ${item.attr("name")}`,
    ),
  );

for (const [how, enable] of [
  ["without stream management", ""],
  ["with stream management but no resumption", `<enable xmlns='${NS_SM}'/>`],
] as const)
  test(`what a session ${how} is still to be told when another one takes its place does not come to that one, behind what is newer`, async () => {
    await using world = await startWorld({ accounts: [juliet] });
    const old = await available(world, `${juliet}/balcony`);
    await old.sendText(enable + ask);
    const other = await available(world, `${juliet}/chamber`);
    const next = world.connect();
    await next.authenticate("juliet", "capulet.example", "juliet");
    world.slowDisc(1_000);
    await other.sendText(named("first"));
    // While that is on its way, and the server knows of no cut.
    await next.sendText(
      `<iq type='set' id='bind'><bind xmlns='${NS_BIND}'><resource>balcony</resource></bind></iq>${enable}${ask}`,
    );
    await next.sendText(named("second"));
    await world.advance(10_000);
    assert.deepEqual(told(next), ["result first", "set second"]);
    assert.ok(old.streamClosed);
  });

test("a message for a session whose place another one takes meanwhile comes to that one, once", async () => {
  await using world = await startWorld({ accounts: [juliet, romeo] });
  await available(world, `${juliet}/balcony`);
  const sender = await available(world, `${romeo}/orchard`);
  const next = world.connect();
  await next.authenticate("juliet", "capulet.example", "juliet");
  world.slowDisc(1_000);
  await sender.sendText(chat(juliet, "1"));
  await next.sendText(
    `<iq type='set' id='bind'><bind xmlns='${NS_BIND}'><resource>balcony</resource></bind></iq><presence/>`,
  );
  await world.advance(10_000);
  assert.deepEqual([...bodies(next), ...bodies(sender)], ["1"]);
});

test("what a client without stream management did not take comes to the session that takes its place ahead of what is newer", async () => {
  await using world = await startWorld({ accounts: [juliet, romeo], options: { archive: false } });
  const old = await available(world, `${juliet}/balcony`);
  old.transport.stalled = true;
  const sender = await available(world, `${romeo}/orchard`);
  await sender.sendText(chat(juliet, "1") + chat(juliet, "2"));
  const next = await available(world, `${juliet}/balcony`);
  await sender.sendText(chat(juliet, "3"));
  await world.advance(worldLinkLimits.closingMsMax);
  assert.deepEqual([old.connectionClosed, bodies(next)], [true, ["1", "2", "3"]]);
});

test("a client that reads is told that another one has taken its resource", async () => {
  await using world = await startWorld({ accounts: [juliet] });
  const old = await available(world, `${juliet}/balcony`);
  await available(world, `${juliet}/balcony`);
  assert.equal(old.pending.at(-1)?.elements()[0]?.name, "conflict");
});

test("a message that a client without stream management did not take does not come to another one that has it from the archive", async () => {
  await using world = await startWorld({ accounts: [juliet, romeo] });
  const old = await available(world, `${juliet}/balcony`);
  await old.sendText("<presence><priority>1</priority></presence>");
  old.transport.stalled = true;
  const sender = await available(world, `${romeo}/orchard`);
  await sender.sendText(chat(juliet, "1"));
  const next = await available(world, `${juliet}/chamber`);
  await next.sendText(`<iq type='set' id='q'><query xmlns='${NS_MAM}'/></iq>`);
  assert.equal(next.pending.filter((each) => each.child(NS_MAM, "result") !== undefined).length, 1);
  await old.cut();
  await sender.sendText(chat(juliet, "2"));
  assert.deepEqual(bodies(next), ["2"]);
});
