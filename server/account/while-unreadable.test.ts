import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@montague.example";

/** The data of the client's account cannot be read from now on: a write has failed, and what is stored is out of reach. */
async function loseData(world: World, client: ScriptedClient): Promise<void> {
  world.faults.failCommits("unavailable");
  world.faults.failReads("unavailable");
  await client.sendText(
    "<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='nurse@montague.example'/></query></iq>",
  );
}

/** They can be, and have been. */
async function findData(world: World): Promise<void> {
  world.faults.failCommits(undefined);
  world.faults.failReads(undefined);
  await world.advance(10_000);
}

test("who leaves while a contact's data cannot be read is seen to leave when they can, and is not kept waiting", async () => {
  await using world = await startWorld({ accounts: [romeo, juliet] });
  const his = await world.login(`${romeo}/orchard`);
  const hers = await world.login(`${juliet}/balcony`);
  await hers.sendText("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq><presence/>");
  await his.sendText("<enable xmlns='urn:xmpp:sm:3'/><presence/>");
  await hers.sendText(`<presence type='subscribe' to='${romeo}'/>`);
  await his.sendText(`<presence type='subscribed' to='${juliet}'/>`);
  hers.ignoreAll();

  await loseData(world, hers);
  his.ignoreAll();
  await his.sendText("<presence type='unavailable'/><r xmlns='urn:xmpp:sm:3'/>");
  await world.advance(1_000);
  assert.ok(his.pending.some(({ name }) => name === "a"));
  assert.ok(his.pending.every((stanza) => stanza.attr("type") !== "error"));
  const left = (): number =>
    hers.pending.filter((stanza) => stanza.name === "presence" && stanza.attr("type") === "unavailable").length;
  assert.equal(left(), 0);
  await findData(world);
  assert.equal(left(), 1);
});

test("who comes or goes while its own data cannot be read has done so when they can, and is told of no error", async () => {
  await using world = await startWorld({ accounts: [romeo] });
  const hers = await world.login(`${romeo}/balcony`);
  const his = await world.login(`${romeo}/orchard`);
  const late = await world.login(`${romeo}/cell`);
  await hers.sendText("<presence/>");
  await his.sendText("<presence/>");
  hers.ignoreAll();
  his.ignoreAll();
  await loseData(world, hers);
  hers.ignoreAll();
  await his.sendText("<presence type='unavailable'/><r xmlns='urn:xmpp:sm:3'/>");
  await late.sendText("<presence><priority>3</priority></presence>");
  await world.advance(1_000);
  const seen = [his, late].flatMap(({ pending }) => pending.filter(({ name }) => name === "presence"));
  assert.deepEqual(seen, [], "neither error nor anything else");
  await findData(world);
  const shown = (from: string): readonly (string | undefined)[] =>
    hers.pending.filter((stanza) => stanza.attr("from") === from).map((stanza) => stanza.attr("type"));
  assert.deepEqual(shown(`${romeo}/orchard`), ["unavailable"]);
  assert.deepEqual(shown(`${romeo}/cell`), [undefined]);
  assert.ok(
    late.pending.some((stanza) => stanza.attr("from") === `${romeo}/balcony`),
    "and sees who is there",
  );
});
