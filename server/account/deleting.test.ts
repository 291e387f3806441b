import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { LoadedOwner } from "#kit/storage.ts";
import { bareJid } from "#testing/addresses.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { befriend } from "#testing/scenario/contacts.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const romeo = bareJid("romeo@montague.example");
const juliet = bareJid("juliet@capulet.example");
const discMs = 10;
const remove = "<iq type='set' id='bye'><query xmlns='jabber:iq:register'><remove/></query></iq>";

/** Whoever ends the account, and whether they or its clients were told that it is over. */
interface Ending {
  readonly isTold: () => boolean;
}

const ways: readonly (readonly [name: string, end: (world: World, owner: ScriptedClient) => Ending])[] = [
  ["cancelled by its owner", (_, owner) => cancelled(owner, remove)],
  [
    "cancelled by its owner at the host's address",
    (_, owner) => cancelled(owner, remove.replace("id=", "to='capulet.example' id=")),
  ],
  [
    "deleted by the administrator",
    (world, owner) => {
      let answered = false;
      void world.core.accounts.delete(juliet).then((change) => {
        answered = change.ok;
      });
      return { isTold: () => answered || owner.pending.length > 0 };
    },
  ],
];

for (const [way, end] of ways)
  for (const crash of ["before-durable", "answer-lost"] as const)
    describe(`A54 an account ${way}, where the server is killed (${crash})`, () => {
      test("is as before while nobody was told, or gone with all that it had", async () => {
        const seen = { before: 0, gone: 0, told: 0 };
        for (let step = 0; step < 12; step++) {
          await using world = await startWorld({ accounts: [romeo, juliet] });
          const { owner, before } = await withTraces(world);
          world.slowDisc(discMs);
          const { isTold } = end(world, owner);
          await world.advance(step * discMs);
          const told = isTold();
          world.faults.crash(crash);
          world.slowDisc(0);
          await world.restart({ killed: true });
          await world.advance(60_000);
          if (await exists(world)) {
            assert.equal(told, false, `${step}: they were told`);
            assert.deepEqual(await lasting(world), before, `${step}: as before`);
            assert.equal(await seenBy(world), "both");
            await world.login(`${juliet}/balcony`);
            seen.before += 1;
          } else {
            const kept = await after(world, world.store.load(juliet));
            assert.deepEqual([...kept.keys()], ["tombstone"], `${step}: nothing is left`);
            assert.equal(await seenBy(world), "none", `${step}: who trusted it trusts it no more`);
            await assert.rejects(world.login(`${juliet}/balcony`), /not-authorized/);
            seen.gone += 1;
            if (told) seen.told += 1;
          }
        }
        // What was being written when it died is there though nobody was told, where the answer was lost.
        const untold = crash === "answer-lost" ? 1 : 0;
        assert.ok(seen.before > 0 && seen.told > 0 && seen.gone >= seen.told + untold, JSON.stringify(seen));
      });
    });

for (const [way, end] of ways)
  test(`an account ${way} stays as it is, with its sessions, when the disc is full`, async () => {
    await using world = await startWorld({ accounts: [romeo, juliet] });
    const { owner, before } = await withTraces(world);
    const chamber = await world.login(`${juliet}/chamber`);
    world.faults.failCommits("full");
    const { isTold } = end(world, owner);
    await world.settle();
    world.faults.failCommits(undefined);
    await world.advance(2_000);
    if (way.startsWith("cancelled")) {
      const answer = owner.next();
      assert.equal(answer.attr("type"), "error");
      assert.equal(answer.firstElement?.elements()[0]?.name, "resource-constraint");
    } else assert.equal(isTold(), false);
    for (const client of [owner, chamber]) {
      assert.equal(client.streamClosed, false);
      client.receivesNothing();
    }
    assert.deepEqual(await lasting(world), before);
    assert.equal(await seenBy(world), "both");
  });

test("an account that could not be deleted, as the store said, is there although it was written", async () => {
  await using world = await startWorld({ accounts: [romeo, juliet] });
  const { owner, before } = await withTraces(world);
  world.faults.failCommits("unavailable", true);
  const deleting = world.core.accounts.delete(juliet);
  assert.equal((await after(world, deleting)).ok, false);
  world.faults.failCommits(undefined);
  await world.advance(10_000);
  assert.equal(owner.streamClosed, false);
  assert.equal(await exists(world), true);
  assert.deepEqual(await lasting(world), before);
});

test("A54 A55 what could not be cleared away of a deleted account lets nobody in, and is cleared away later", async () => {
  await using world = await startWorld({ accounts: [romeo, juliet], settings: { tombstoneMs: 0 } });
  const { owner } = await withTraces(world);
  world.slowDisc(discMs);
  const deleting = world.core.accounts.delete(juliet);
  while (!owner.streamClosed) await world.advance(1);
  world.faults.failCommits("full");
  await world.advance(10 * discMs);
  assert.deepEqual(await deleting, { ok: true }, "it is gone all the same");
  world.slowDisc(0);
  assert.equal(await exists(world), false);
  await assert.rejects(world.login(`${juliet}/balcony`), /not-authorized/);
  world.faults.failCommits(undefined);
  const heir = await after(world, world.core.accounts.create(juliet, "thief"));
  assert.equal(heir.ok ? "ok" : heir.reason, "tombstone", "nor is its name free");
  await world.advance(60_000);
  assert.deepEqual([...(await after(world, world.store.load(juliet))).keys()], ["tombstone"]);
  assert.equal(await seenBy(world), "none");
  assert.deepEqual(await after(world, world.core.accounts.create(juliet, "juliet")), { ok: true });
});

test("an account that is being cleared away takes no message that would be wiped with it", async () => {
  await using world = await startWorld({ accounts: [romeo, juliet] });
  const { owner } = await withTraces(world);
  const friend = await world.login(`${romeo}/tomb`);
  world.slowDisc(discMs);
  const deleting = world.core.accounts.delete(juliet);
  while (!owner.streamClosed) await world.advance(1);
  for (const to of [juliet, `${juliet}/balcony`])
    await friend.sendText(`<message to='${to}' id='${to}' type='chat'><body>there?</body></message>`);
  await world.advance(1_000);
  const refusals = friend.pending.filter(({ name }) => name === "message");
  assert.deepEqual(
    refusals.map((each) => `${each.attr("type")} ${each.child("jabber:client", "error")?.elements()[0]?.name}`),
    ["error service-unavailable", "error service-unavailable"],
  );
  assert.deepEqual(await deleting, { ok: true });
});

test("an account whose end a crash has interrupted is cleared away when its host is served again", async () => {
  await using world = await startWorld({ accounts: [romeo, juliet] });
  const { owner } = await withTraces(world);
  world.slowDisc(discMs);
  void world.core.accounts.delete(juliet);
  while (!owner.streamClosed) await world.advance(1);
  world.slowDisc(0);
  await world.restart({ killed: true, domains: ["montague.example"] });
  await world.advance(60_000);
  assert.ok((await after(world, world.store.load(juliet))).size > 1);
  await world.restart();
  await world.advance(60_000);
  assert.deepEqual([...(await after(world, world.store.load(juliet))).keys()], ["tombstone"]);
});

function cancelled(owner: ScriptedClient, request: string): Ending {
  void owner.sendText(request);
  return { isTold: () => owner.pending.length > 0 };
}

/** A friend, private data, a card; and what is stored of it all. */
async function withTraces(world: World): Promise<{ readonly owner: ScriptedClient; readonly before: LoadedOwner }> {
  const owner = await world.login(`${juliet}/balcony`);
  const friend = await world.login(`${romeo}/orchard`);
  await befriend(friend, owner);
  for (const payload of [
    "<query xmlns='jabber:iq:private'><x xmlns='urn:x'>secret</x></query>",
    "<vCard xmlns='vcard-temp'><FN>Juliet</FN></vCard>",
  ])
    await owner.sendText(`<iq type='set' id='set'>${payload}</iq>`);
  await world.settle();
  owner.ignoreAll();
  return { owner, before: await lasting(world) };
}

/** What is stored of the account but for what tells when somebody was there last. */
async function lasting(world: World): Promise<LoadedOwner> {
  const kept = new Map(await after(world, world.store.load(juliet)));
  for (const store of ["last-left", "archive-watermark"]) kept.delete(store);
  return kept;
}

/** What the friend's roster says about it. */
async function seenBy(world: World): Promise<string> {
  const friend = await world.login(`${romeo}/street`);
  await friend.sendText("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
  const roster = friend.pending.find((stanza) => stanza.attr("id") === "roster");
  const item = roster?.firstElement?.elements().find((each) => each.attr("jid") === juliet);
  await friend.close();
  return item?.attr("subscription") ?? "absent";
}

function exists(world: World): Promise<boolean> {
  return after(world, world.core.accounts.exists(juliet));
}

/** What a promise gives once everything that is due has happened. */
async function after<T>(world: World, promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  await world.settle();
  return promise;
}
