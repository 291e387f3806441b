import assert from "node:assert/strict";
import { test } from "node:test";
import { NS_SM } from "#protocol/xml/namespaces.ts";
import { available, bodies, chat, errors, managed } from "#testing/scenario/devices.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const accounts = [romeo, juliet];
/** Without an archive, which would have the message safe ahead of all this. */
const options = { archive: false };
const acks = (client: ScriptedClient): readonly (string | undefined)[] =>
  client.pending.filter(({ name }) => name === "a").map((ack) => ack.attr("h"));

const withManagement = async (world: World) => (await managed(world, `${juliet}/balcony`)).client;
const stalled = async (world: World) => {
  const client = await available(world, `${juliet}/balcony`);
  client.transport.stalled = true;
  return client;
};

/** A message is under way to a device, and its sender has asked whether it is safe. */
async function underWay(world: World, logIn: (world: World) => Promise<ScriptedClient>) {
  const recipient = await logIn(world);
  const { client: sender } = await managed(world, `${romeo}/orchard`);
  await sender.sendText(`${chat(juliet, "1")}<r xmlns='${NS_SM}'/>`);
  return { recipient, sender };
}

async function outlivesAKill(world: World): Promise<void> {
  world.slowDisc(0);
  await world.restart({ killed: true });
  assert.deepEqual(bodies(await available(world, `${juliet}/balcony`)), ["1"]);
}

for (const { name, logIn, end } of [
  {
    name: "a message that a connection did not take is not acknowledged while the disc is still writing it down",
    logIn: stalled,
    end: (recipient: ScriptedClient) => recipient.cut(),
  },
  {
    name: "a message that a session owed when it ended is not acknowledged while the disc is still writing it down [xep0198-4-09]",
    logIn: withManagement,
    end: (recipient: ScriptedClient) => recipient.close(),
  },
])
  test(name, async () => {
    await using world = await startWorld({ accounts, options });
    const { recipient, sender } = await underWay(world, logIn);
    world.slowDisc(1_000);
    await end(recipient);
    assert.deepEqual(acks(sender), ["1"], "a kill would lose it now");
    await world.advance(10_000);
    assert.deepEqual(acks(sender), ["1", "2"]);
    await outlivesAKill(world);
  });

test("a message whose row is being written as its session ends, and then cannot be, is written anew and only then acknowledged [xep0198-4-09]", async () => {
  await using world = await startWorld({ accounts, options });
  const { recipient, sender } = await underWay(world, withManagement);
  const { commits } = world.store.health;
  world.slowDisc(1_000);
  world.faults.failCommits("full");
  await world.advance(2_500);
  await recipient.close();
  await world.advance(1_700);
  // What was being written has failed by now.
  world.faults.failCommits(undefined);
  assert.deepEqual([acks(sender), errors(sender)], [["1"], 0], "nobody has it and it is nowhere");
  await world.advance(10_000);
  assert.ok(world.store.health.commits > commits);
  assert.deepEqual([acks(sender), errors(sender)], [["1", "2"], 0]);
  await outlivesAKill(world);
});

test("a message that goes back is not acknowledged before its sender's connection has the error: a kill would lose both", async () => {
  await using world = await startWorld({ accounts, options: { ...options, "messages.offline_messages_max": 0 } });
  const { client: sender } = await managed(world, `${romeo}/orchard`);
  sender.ignoreAll();
  // What the account writes itself comes first.
  world.slowDisc(1_000);
  const roster =
    "<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='nurse@capulet.example'/></query></iq>";
  await sender.sendText(`${chat(juliet, "1")}${roster}`);
  const seen: string[] = [];
  for (let turn = 0; turn < 12; turn += 1) {
    await world.advance(500);
    await sender.sendText(`<r xmlns='${NS_SM}'/>`);
    for (const stanza of sender.pending) {
      if (stanza.name === "a") seen.push(`h=${stanza.attr("h")}`);
      else if (stanza.attr("type") === "error") seen.push("error");
    }
    sender.ignoreAll();
  }
  assert.deepEqual([...new Set(seen)], ["h=1", "error", "h=3"]);
});
