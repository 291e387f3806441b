import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const nurse = "nurse@capulet.example";

async function start(): Promise<World> {
  return startWorld({ accounts: [romeo, juliet, nurse] });
}

/** The disc writes what it is given and says that it did not. */
function loseAnswers(world: World): void {
  world.faults.failCommits("unavailable", true);
}

async function device(world: World, resource: string): Promise<ScriptedClient> {
  const client = await world.login(`${romeo}/${resource}`);
  await client.sendText("<presence/>");
  await ask(client, "jabber:iq:roster", "query");
  await ask(client, "urn:xmpp:blocking", "blocklist");
  client.ignoreAll();
  return client;
}

/** What is answered: of each item its attributes. */
async function ask(client: ScriptedClient, ns: string, name: string): Promise<readonly string[]> {
  client.ignoreAll();
  await client.sendText(`<iq type='get' id='ask'><${name} xmlns='${ns}'/></iq>`);
  const answer = client.pending.find((stanza) => stanza.attr("id") === "ask");
  const items = answer?.child(ns, name)?.elements() ?? [];
  client.ignoreAll();
  return items.map((item) =>
    ["jid", "name", "subscription", "ask"].flatMap((attribute) => item.attr(attribute) ?? []).join(" "),
  );
}

function kinds(client: ScriptedClient): readonly string[] {
  return client.pending.map((stanza) => `${stanza.name} ${stanza.attr("type")}`);
}

const rosterSet = (name: string): string =>
  `<iq type='set' id='set'><query xmlns='jabber:iq:roster'><item jid='${nurse}' name='${name}'/></query></iq>`;
const removal = `<iq type='set' id='set'><query xmlns='jabber:iq:roster'><item jid='${nurse}' subscription='remove'/></query></iq>`;
const block = `<iq type='set' id='set'><block xmlns='urn:xmpp:blocking'><item jid='${juliet}'/></block></iq>`;
const unblock = `<iq type='set' id='set'><unblock xmlns='urn:xmpp:blocking'/></iq>`;

const changes: readonly {
  readonly what: string;
  readonly before: readonly string[];
  readonly change: string;
  readonly roster: readonly string[];
  readonly blocked: readonly string[];
}[] = [
  { what: "a new contact", before: [], change: rosterSet("Angelica"), roster: [], blocked: [] },
  {
    what: "a contact's new name",
    before: [rosterSet("Nurse")],
    change: rosterSet("Angelica"),
    roster: [`${nurse} Nurse none`],
    blocked: [],
  },
  { what: "a removal", before: [rosterSet("Nurse")], change: removal, roster: [`${nurse} Nurse none`], blocked: [] },
  { what: "a block", before: [], change: block, roster: [], blocked: [juliet] },
  { what: "the end of a block", before: [block], change: unblock, roster: [], blocked: [juliet] },
];

for (const { what, before, change, roster, blocked } of changes)
  test(`${what} whose commit failed and happened all the same is put back: all devices see what they saw`, async () => {
    await using world = await start();
    const [one, two] = [await device(world, "orchard"), await device(world, "street")];
    for (const each of before) await one.sendText(each);
    one.ignoreAll();
    two.ignoreAll();
    const wanted = what === "a block" ? [] : blocked;
    loseAnswers(world);
    await one.sendText(change);
    assert.deepEqual(kinds(one), ["iq error"]);
    assert.deepEqual(kinds(two), [], "nobody is told of what failed");
    world.faults.failCommits(undefined);
    await world.advance(5_000);
    const fresh = await device(world, "window");
    for (const client of [one, two, fresh]) {
      assert.deepEqual(await ask(client, "jabber:iq:roster", "query"), roster);
      assert.deepEqual(await ask(client, "urn:xmpp:blocking", "blocklist"), wanted);
    }
  });

test("what was put back is stored so: a restart shows the same", async () => {
  const first = await start();
  const one = await device(first, "orchard");
  loseAnswers(first);
  await one.sendText(rosterSet("Angelica"));
  first.faults.failCommits(undefined);
  await first.advance(5_000);
  first.faults.crash("before-durable");
  await using world = await startWorld({ disk: first.disk, seed: "second" });
  const again = await device(world, "street");
  assert.deepEqual(await ask(again, "jabber:iq:roster", "query"), []);
});

test("the version of a roster goes on from what was told: a client that remembers it misses nothing", async () => {
  await using world = await start();
  const one = await device(world, "orchard");
  await one.sendText(rosterSet("Nurse"));
  loseAnswers(world);
  await one.sendText(removal);
  world.faults.failCommits(undefined);
  await world.advance(5_000);
  one.ignoreAll();
  await one.sendText(rosterSet("Angelica"));
  const [push, result] = one.pending;
  assert.equal(result?.attr("type"), "result");
  const ver = push?.child("jabber:iq:roster", "query")?.attr("ver");
  assert.match(ver ?? "", /-2$/u, "a change that did not count has no number");
});

test("what cannot be put back is not shown meanwhile, and is put back as soon as it can be", async () => {
  await using world = await start();
  const [one, two] = [await device(world, "orchard"), await device(world, "street")];
  loseAnswers(world);
  await one.sendText(rosterSet("Angelica"));
  // From now on nothing is written at all.
  world.faults.failCommits("unavailable");
  await one.sendText(rosterSet("Nurse"));
  await world.advance(3_000);
  for (let tries = 0; tries < 3; tries += 1) assert.deepEqual(await ask(two, "jabber:iq:roster", "query"), []);
  world.faults.failCommits(undefined);
  await world.advance(5_000);
  assert.deepEqual(await ask(two, "jabber:iq:roster", "query"), []);
  const fresh = await device(world, "window");
  assert.deepEqual(await ask(fresh, "jabber:iq:roster", "query"), []);
  assert.equal(world.core.registry.busy, false);
});

test("what was written with success behind what failed stays as it is", async () => {
  await using world = await start();
  const [one, two] = [await device(world, "orchard"), await device(world, "street")];
  loseAnswers(world);
  await one.sendText(rosterSet("Angelica") + rosterSet("Angelica"));
  world.faults.failCommits(undefined);
  await one.sendText(rosterSet("Nurse"));
  await world.advance(5_000);
  for (const client of [one, two, await device(world, "window")])
    assert.deepEqual(await ask(client, "jabber:iq:roster", "query"), [`${nurse} Nurse none`]);
});
