import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseJid, bareOf } from "#protocol/jid/jid.ts";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import {
  arrives,
  presenceFrom,
  presenceWitness,
  pushedItems,
  reachState,
  requestWaits,
  seenState,
} from "#testing/scenario/subscriptions.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const juliet = "juliet@capulet.example";
const romeo = "romeo@montague.example";
const nurse = "nurse@capulet.example";
const accounts = [juliet, romeo, nurse];

interface Scene {
  readonly world: World;
  readonly balcony: ScriptedClient;
  readonly other: ScriptedClient;
  readonly arrivals: ReturnType<typeof presenceWitness>["arrivals"];
}

/** Juliet at her balcony and a contact, in a state as Juliet sees it. */
async function scene(contact: string, state: string): Promise<Scene> {
  const { module, arrivals } = presenceWitness();
  const world = await startWorld({ accounts, modules: [...instantMessaging, module] });
  const balcony = await world.login(`${juliet}/balcony`);
  const other = await world.login(`${contact}/orchard`);
  await reachState(balcony, other, state);
  arrivals.length = 0;
  return { world, balcony, other, arrivals };
}

const removals: Readonly<
  Record<string, { readonly sent: readonly string[]; readonly left: string; readonly ask: boolean }>
> = {
  None: { sent: [], left: "none", ask: false },
  "None + Pending Out": { sent: ["unsubscribe"], left: "none", ask: false },
  "None + Pending In": { sent: [], left: "none", ask: true },
  To: { sent: ["unsubscribe"], left: "none", ask: false },
  "To + Pending In": { sent: ["unsubscribe"], left: "none", ask: true },
  From: { sent: ["unavailable", "unsubscribed"], left: "none", ask: false },
  "From + Pending Out": { sent: ["unsubscribe", "unavailable", "unsubscribed"], left: "none", ask: false },
  Both: { sent: ["unsubscribe", "unavailable", "unsubscribed"], left: "none", ask: false },
};

for (const contact of [romeo, nurse])
  describe(`${contact} is removed from the roster [rfc6121-2.5.2-02] [rfc6121-2.5.2-03] [rfc6121-2.5.2-04] (S5)`, () => {
    for (const [state, { sent, left, ask }] of Object.entries(removals))
      test(`in state ${state}`, async () => {
        const { world, balcony, other, arrivals } = await scene(contact, state);
        await using _ = world;
        const bystander = contact === romeo ? nurse : romeo;
        await balcony.sendText(
          `<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='${contact}' subscription='remove'/></query></iq>`,
        );
        assert.deepEqual(
          arrivals.filter(({ at }) => at === contact).map(({ type }) => type),
          sent,
        );
        assert.deepEqual(
          arrivals.filter(({ at }) => at === bystander),
          [],
        );
        assert.deepEqual(
          pushedItems(balcony).map((item) => item.attr("subscription")),
          ["remove"],
        );
        assert.deepEqual(await seenState(balcony, contact), { subscription: undefined, ask: false, approved: false });
        // Both sides agree.
        const theirs = await seenState(other, juliet);
        assert.deepEqual([theirs.subscription ?? "none", theirs.ask], [left, ask]);
        assert.equal(await requestWaits(world, juliet, contact), ask);
        other.ignoreAll();
        await balcony.sendText("<presence><show>away</show></presence>");
        assert.deepEqual(presenceFrom(other, juliet), []);
      });
  });

for (const state of ["None", "None + Pending Out", "To"])
  test(`who was never let in is not told of a cancellation, nor who is there: ${state} [rfc6121-3.2.2-02]`, async () => {
    const { world, balcony, arrivals } = await scene(romeo, state);
    await using _ = world;
    await balcony.sendText(`<presence type='unsubscribed' to='${romeo}'/>`);
    assert.deepEqual(arrivals, []);
    assert.deepEqual(pushedItems(balcony), []);
  });

test("who is shut out sees every resource leave, then learns it; others see nothing [rfc6121-3.2.2-05] [rfc6121-3.2.2-06] [rfc6121-3.2.3-04]", async () => {
  const { world, balcony, other, arrivals } = await scene(romeo, "Both");
  await using _ = world;
  const chamber = await world.login(`${juliet}/chamber`);
  await chamber.sendText("<presence/>");
  arrivals.length = 0;
  for (const client of [balcony, other]) client.ignoreAll();
  await balcony.sendText(`<presence type='unsubscribed' to='${romeo}'/>`);
  assert.deepEqual(
    arrivals.filter(({ at }) => at === romeo).map(({ from, type }) => `${from} ${type}`),
    [`${juliet}/balcony unavailable`, `${juliet}/chamber unavailable`, `${juliet} unsubscribed`],
  );
  assert.deepEqual(presenceFrom(other, juliet), ["unavailable", "unavailable", "unsubscribed"]);
  assert.equal((await seenState(balcony, romeo)).subscription, "to");
  assert.equal((await seenState(other, juliet)).subscription, "from");
});

test("who unsubscribes sees every resource leave [rfc6121-3.3.3-02]", async () => {
  const { world, balcony, other } = await scene(romeo, "From");
  await using _ = world;
  await other.sendText(`<presence type='unsubscribe' to='${juliet}'/>`);
  assert.deepEqual(presenceFrom(other, juliet), ["unavailable"]);
  assert.deepEqual(
    balcony.pending.map(({ name }) => name),
    ["presence", "iq"],
  );
  assert.equal((await seenState(balcony, romeo)).subscription, "none");
  assert.equal((await seenState(other, juliet)).subscription, "none");
});

test("approval shows the presence of every resource, behind the approval and the push [rfc6121-3.1.5-03] [rfc6121-3.1.6-02] [rfc6121-3.1.6-04]", async () => {
  const { world, balcony, other } = await scene(romeo, "None");
  await using _ = world;
  const chamber = await world.login(`${juliet}/chamber`);
  await chamber.sendText("<presence><show>dnd</show></presence>");
  const garden = await world.login(`${romeo}/garden`);
  await garden.sendText("<presence/>");
  await other.sendText(`<presence type='subscribe' to='${juliet}'/>`);
  for (const client of [other, garden]) client.ignoreAll();
  await balcony.sendText(`<presence type='subscribed' to='${romeo}'/>`);
  assert.deepEqual(
    other.pending.map(({ name }) => name),
    ["presence", "iq", "presence", "presence"],
  );
  assert.deepEqual(presenceFrom(other, juliet), ["subscribed", "", ""]);
  // Who did not ask for the roster sees presence all the same.
  assert.deepEqual(presenceFrom(garden, juliet), ["", ""]);
});

for (const [state, sent] of [
  ["None + Pending Out", ["unsubscribe"]],
  ["None + Pending In", ["unsubscribed"]],
  ["To", ["unsubscribe"]],
  ["From", ["unsubscribed"]],
  ["Both", ["unsubscribe", "unsubscribed"]],
] as const)
  test(`an account that is deleted takes its subscriptions back: ${state}`, async () => {
    const { world, other, arrivals } = await scene(romeo, state);
    await using _ = world;
    const jid = parseJid(juliet);
    assert.ok(jid !== undefined);
    const deleting = world.core.accounts.delete(bareOf(jid));
    await world.settle();
    assert.deepEqual(await deleting, { ok: true });
    const told = arrivals.filter(({ at, type }) => at === romeo && type !== "unavailable");
    assert.deepEqual(
      told.map(({ type }) => type),
      sent,
    );
    const { subscription = "none", ask } = await seenState(other, juliet);
    assert.deepEqual({ subscription, ask }, { subscription: "none", ask: false });
    assert.equal(await requestWaits(world, romeo, juliet), false);
  });

test("what could not be stored is not told to the contact either", async () => {
  const { world, balcony, other, arrivals } = await scene(romeo, "None + Pending In");
  await using _ = world;
  world.faults.failCommits("full");
  await balcony.sendText(`<presence type='subscribed' to='${romeo}' id='s'/>`);
  assert.deepEqual(arrivals, []);
  assert.deepEqual(pushedItems(balcony), []);
  world.faults.failCommits(undefined);
  assert.equal((await seenState(balcony, romeo)).subscription, "none");
  assert.equal((await seenState(other, juliet)).ask, true);
  await balcony.sendText(`<presence type='subscribed' to='${romeo}'/>`);
  assert.equal((await seenState(balcony, romeo)).subscription, "from");
  assert.equal((await seenState(other, juliet)).subscription, "to");
});

test("answers to a resource that is gone are ignored, a request is not [rfc6121-8.5.3.2.2-02] [rfc6121-8.5.3.2.2-03] [rfc6121-3.1.3-02]", async () => {
  const { world, balcony } = await scene(romeo, "None + Pending Out");
  await using _ = world;
  await arrives(world, { from: romeo, to: `${juliet}/tomb`, type: "subscribed" });
  assert.deepEqual(presenceFrom(balcony, romeo), []);
  await arrives(world, { from: romeo, to: `${juliet}/tomb`, type: "subscribe" });
  balcony.receives(`<presence type='subscribe' from='${romeo}' to='${juliet}'/>`);
  await arrives(world, { from: romeo, to: `${juliet}/balcony`, type: "subscribed" });
  assert.equal((await seenState(balcony, romeo)).subscription, "to");
});

/** What comes about subscriptions, wherever it is addressed and whether anybody is there to see it. */
for (const [name, to, ids] of [
  ["the account", juliet, "[rfc6121-8.5.2.1.2-02]"],
  ["a resource", `${juliet}/balcony`, "[rfc6121-8.5.3.1-05]"],
  ["the account while nobody is available", juliet, "[rfc6121-8.5.2.2.2-02]"],
] as const)
  test(`requests and answers follow the rules of subscriptions also for ${name} ${ids}`, async () => {
    for (const [type, state, after, reply] of [
      ["subscribe", "From", "from", "subscribed"],
      ["subscribed", "None + Pending Out", "to", undefined],
      ["unsubscribe", "Both", "to", "unsubscribed"],
      ["unsubscribed", "Both", "from", undefined],
    ] as const) {
      const { world, balcony, arrivals } = await scene(romeo, state);
      await using _ = world;
      if (name.includes("nobody")) await balcony.sendText("<presence type='unavailable'/>");
      arrivals.length = 0;
      await arrives(world, { from: romeo, to, type });
      const replies = arrivals.filter((each) => each.at === romeo && each.type?.endsWith("subscribed") === true);
      assert.deepEqual(
        replies.map((each) => `${each.from} ${each.type}`),
        reply === undefined ? [] : [`${juliet} ${reply}`],
      );
      assert.equal((await seenState(balcony, romeo)).subscription, after, type);
    }
  });

test("an account that cannot be deleted keeps its subscriptions", async () => {
  const { world, other, arrivals } = await scene(romeo, "Both");
  await using _ = world;
  const jid = parseJid(juliet);
  assert.ok(jid !== undefined);
  world.faults.failCommits("full");
  const deleting = world.core.accounts.delete(bareOf(jid));
  await world.settle();
  assert.equal((await deleting).ok, false);
  world.faults.failCommits(undefined);
  assert.deepEqual(
    arrivals.filter(({ type }) => type !== "unavailable"),
    [],
  );
  assert.equal((await seenState(other, juliet)).subscription, "both");
});

test("presence of an unknown type from elsewhere is answered with an error [rfc6121-4.7.1-04] [rfc6121-4.7.1-02]", async () => {
  const { world, balcony, arrivals } = await scene(romeo, "Both");
  await using _ = world;
  await arrives(world, { from: romeo, to: juliet, type: "invisible", id: "i" });
  assert.deepEqual(presenceFrom(balcony, romeo), []);
  assert.deepEqual(
    arrivals.filter(({ at }) => at === romeo),
    [{ at: romeo, from: juliet, type: "error", id: "i" }],
  );
});
