import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJid, type BareJid } from "#protocol/jid/jid.ts";
import { StoreError } from "#kit/storage.ts";
import { serverModules } from "#server/modules.generated.ts";
import { bareJid } from "#testing/addresses.ts";
import { befriend } from "#testing/scenario/contacts.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const dayMs = 24 * 3_600_000;
const romeo = bareJid("romeo@montague.example");
const juliet = bareJid("juliet@capulet.example");
const accounts = [romeo, juliet];

const badNames: readonly (readonly [address: string, password: string, reason: string])[] = [
  ["romeo@montague.example", "secret", "exists"],
  ["romeo@verona.example", "secret", "bad-name"],
  ["montague.example", "secret", "bad-name"],
  ["mercutio@montague.example/street", "secret", "bad-name [rfc6120-C-01]"],
  ["ςσ@montague.example", "secret", "bad-name"],
  ["mercutio@montague.example", "", "bad-password"],
  ["mercutio@montague.example", "x".repeat(1_024), "bad-password"],
  ["mercutio@montague.example", "bell\u0007", "bad-password"],
];

for (const [address, password, reason] of badNames)
  test(`no account ${address} with "${password.slice(0, 10)}": ${reason}`, async () => {
    await using world = await startWorld({ accounts });
    const parsed = parseJid(address);
    assert.ok(parsed !== undefined);
    const outcome = await after(world, world.core.accounts.create(parsed, password));
    assert.equal(outcome.ok ? "ok" : outcome.reason, reason.split(" ")[0]);
  });

test("an account is made under the canonical form of its name [rfc6120-C-01]", async () => {
  await using world = await startWorld({ accounts });
  const parsed = parseJid("MercuTIO@Montague.Example");
  assert.ok(parsed !== undefined);
  assert.deepEqual(await after(world, world.core.accounts.create(parsed, "secret")), { ok: true });
  const client = world.connect();
  await client.authenticate("mercutio", "montague.example", "secret");
});

test("an account exists once created, is listed, logs in with its password, and no longer once deleted", async () => {
  await using world = await startWorld({ accounts });
  const { accounts: service } = world.core;
  assert.deepEqual(await after(world, service.exists(romeo)), true);
  assert.deepEqual(await after(world, service.exists(bareJid("tybalt@capulet.example"))), false);
  const [host] = [...world.core.hosts.values()].filter(({ domain }) => romeo.endsWith(domain));
  assert.ok(host !== undefined);
  assert.deepEqual(await after(world, service.list(host.domain, undefined, 10)), [romeo]);
  await world.login(`${romeo}/orchard`);
  assert.deepEqual(await after(world, service.delete(romeo)), { ok: true });
  assert.deepEqual(await after(world, service.exists(romeo)), false);
  assert.equal(reasonOf(await after(world, service.delete(romeo))), "no-such-account");
  assert.equal(reasonOf(await after(world, service.setPassword(romeo, "other"))), "no-such-account");
  await assert.rejects(world.login(`${romeo}/orchard`), /not-authorized/);
});

test("A54 the name of a deleted account stays taken for a while; then nothing of the old is found in the new", async () => {
  await using world = await startWorld({ accounts });
  await leaveTraces(world);
  assert.deepEqual(await after(world, world.core.accounts.delete(juliet)), { ok: true });
  await world.advance(29 * dayMs);
  assert.equal(reasonOf(await after(world, world.core.accounts.create(juliet, "thief"))), "tombstone");
  await world.advance(2 * dayMs);
  assert.deepEqual(await after(world, world.core.accounts.create(juliet, "juliet")), { ok: true });
  const heir = await world.login(`${juliet}/balcony`);
  await heir.sendText("<presence/><iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>");
  heir.receivesInAnyOrder(
    `<presence from='${heir.jid}' to='${juliet}'/>`,
    `<iq type='result' id='1' to='${heir.jid}'><query xmlns='jabber:iq:roster' ver='{any}'/></iq>`,
  );
  heir.receivesNothing();
});

test("a deleted account leaves its tombstone and nothing else in any store", async () => {
  await using world = await startWorld({ accounts });
  await leaveTraces(world);
  const before = await after(world, world.store.load(juliet));
  assert.ok(before.size > 4, `the test leaves too little behind: ${[...before.keys()].join(", ")}`);
  // A message in her archive, and the same where it waits for her.
  assert.equal(await rows(world, juliet), 2);
  assert.deepEqual(await after(world, world.core.accounts.delete(juliet)), { ok: true });
  const kept = await after(world, world.store.load(juliet));
  assert.deepEqual([...kept.keys()], ["tombstone"]);
  assert.equal(await rows(world, juliet), 0);
});

test("deleting ends all sessions, those that wait to be resumed too, and tells the contacts", async () => {
  await using world = await startWorld({ accounts });
  const friend = await world.login(`${romeo}/orchard`);
  const present = await world.login(`${juliet}/balcony`);
  await befriend(friend, present);
  await friend.sendText("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
  const away = await world.login(`${juliet}/chamber`);
  await away.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
  await away.sendText("<presence/>");
  await away.cut();
  friend.ignoreAll();
  assert.deepEqual(await after(world, world.core.accounts.delete(juliet)), { ok: true });
  assert.equal(present.pending.at(-1)?.elements()[0]?.name, "not-authorized");
  assert.ok(present.streamClosed);
  assert.deepEqual(
    friend.pending
      .filter(({ name }) => name === "presence")
      .map((stanza) => `${stanza.attr("from")} ${stanza.attr("type")}`)
      .toSorted(),
    [
      `${juliet} unsubscribe`,
      `${juliet} unsubscribed`,
      `${juliet}/balcony unavailable`,
      `${juliet}/chamber unavailable`,
    ],
  );
  await friend.close();
  await world.advance(90_000);
  assert.equal(world.core.registry.size, 0);
});

test("A55 a new password ends the other sessions, also those that wait, and those that are about to begin", async () => {
  await using world = await startWorld({ accounts });
  const own = await world.login(`${romeo}/orchard`);
  const other = await world.login(`${romeo}/street`);
  const waiting = await world.login(`${romeo}/tomb`);
  await waiting.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
  await waiting.cut();
  const unbound = world.connect();
  await unbound.authenticate("romeo", "montague.example", "romeo");
  assert.deepEqual(await after(world, world.core.accounts.setPassword(romeo, "other", "orchard")), { ok: true });
  for (const client of [other, unbound]) {
    assert.equal(client.pending.at(-1)?.elements()[0]?.name, "not-authorized");
    assert.ok(client.streamClosed);
  }
  assert.equal(own.streamClosed, false);
  assert.deepEqual(
    [...world.core.registry.sessions()].map((session) => session.jid),
    [own.jid],
  );
  await assert.rejects(world.login(`${romeo}/street`), /not-authorized/);
  await world.connect().authenticate("romeo", "montague.example", "other");
});

const troubles = [
  ["full", "store"],
  ["unavailable", "store"],
] as const;
for (const [kind, reason] of troubles)
  test(`when the store is ${kind} nothing is created, changed or deleted, and the reason is given`, async () => {
    await using world = await startWorld({ accounts });
    const friend = await world.login(`${juliet}/balcony`);
    const client = await world.login(`${romeo}/orchard`);
    await befriend(client, friend);
    world.faults.failCommits(kind);
    const { accounts: service } = world.core;
    assert.equal(
      reasonOf(await after(world, service.create(bareJid("mercutio@montague.example"), "queen mab"))),
      reason,
    );
    assert.equal(reasonOf(await after(world, service.setPassword(romeo, "other"))), reason);
    assert.equal(client.streamClosed, false, "who changes nothing ends nothing");
    assert.equal(reasonOf(await after(world, service.delete(romeo))), reason);
    world.faults.failCommits(undefined);
    friend.receivesNothing();
    assert.equal(client.streamClosed, false, "nor is anybody sent away from an account that stays");
    await world.login(`${romeo}/street`);
    assert.equal(await after(world, service.exists(bareJid("mercutio@montague.example"))), false);
  });

test("an account that cannot be read is not made anew over what it has", async () => {
  await using world = await startWorld({ accounts });
  await leaveTraces(world);
  await world.advance(90_000);
  assert.equal(world.core.registry.size, 0);
  const before = await after(world, world.store.load(juliet));
  world.faults.failReads("unavailable");
  const creating = world.core.accounts.create(juliet, "thief");
  const deleting = world.core.accounts.delete(juliet);
  assert.equal(reasonOf(await after(world, creating)), "store");
  assert.equal(reasonOf(await after(world, deleting)), "store");
  await assert.rejects(after(world, world.core.accounts.exists(juliet)), StoreError);
  world.faults.failReads(undefined);
  assert.deepEqual(await after(world, world.store.load(juliet)), before);
});

type Outcome = Awaited<ReturnType<World["core"]["accounts"]["create"]>>;
const races: readonly (readonly [
  name: string,
  run: (world: World) => readonly Promise<Outcome>[],
  outcomes: readonly string[],
  exists: boolean,
])[] = [
  [
    "created twice",
    ({ core }) => [
      core.accounts.create(bareJid("paris@capulet.example"), "a"),
      core.accounts.create(bareJid("paris@capulet.example"), "b"),
    ],
    ["ok", "exists"],
    true,
  ],
  [
    "created and deleted",
    ({ core }) => [
      core.accounts.create(bareJid("paris@capulet.example"), "a"),
      core.accounts.delete(bareJid("paris@capulet.example")),
    ],
    ["ok", "no-such-account"],
    true,
  ],
  [
    "deleted and given a password",
    ({ core }) => [core.accounts.delete(juliet), core.accounts.setPassword(juliet, "b")],
    ["ok", "no-such-account"],
    false,
  ],
  [
    "deleted twice",
    ({ core }) => [core.accounts.delete(juliet), core.accounts.delete(juliet)],
    ["ok", "no-such-account"],
    false,
  ],
  [
    "given two passwords",
    ({ core }) => [core.accounts.setPassword(juliet, "a"), core.accounts.setPassword(juliet, "b")],
    ["ok", "ok"],
    true,
  ],
];
for (const [name, run, outcomes, exists] of races)
  test(`an account ${name} at the same time ends in one of the states that were asked for`, async () => {
    await using world = await startWorld({ accounts });
    const results = await after(world, Promise.all(run(world)));
    assert.deepEqual(results.map((outcome) => (outcome.ok ? "ok" : outcome.reason)).toSorted(), outcomes.toSorted());
    const address =
      outcomes.includes("exists") || name === "created and deleted" ? bareJid("paris@capulet.example") : juliet;
    assert.equal(await after(world, world.core.accounts.exists(address)), exists);
  });

/** A contact, private data, a card, a block, and a message that waits. */
async function leaveTraces(world: World): Promise<void> {
  const client = await world.login(`${juliet}/balcony`);
  const friend = await world.login(`${romeo}/orchard`);
  await befriend(friend, client);
  const sets = [
    "<query xmlns='jabber:iq:private'><x xmlns='urn:x'>secret</x></query>",
    "<vCard xmlns='vcard-temp'><FN>Juliet</FN></vCard>",
    "<block xmlns='urn:xmpp:blocking'><item jid='paris@capulet.example'/></block>",
  ];
  for (const [index, payload] of sets.entries()) {
    await client.sendText(`<iq type='set' id='${index}'>${payload}</iq>`);
    assert.ok(
      client.pending.some((reply) => reply.attr("id") === String(index) && reply.attr("type") === "result"),
      payload,
    );
  }
  await client.close();
  await friend.sendText(`<message to='${juliet}' type='chat'><body>waits</body></message>`);
  await friend.close();
}

/** Rows in the archives and tables of all features. */
async function rows(world: World, owner: BareJid): Promise<number> {
  let count = 0;
  for (const { slots = [], tables = [] } of serverModules) {
    for (const { name, shape } of slots) {
      if (shape !== "archive") continue;
      const page = await after(world, world.store.page(name, owner, { max: 10, direction: "forward" }));
      count += page.found ? page.rows.length : 0;
    }
    for (const { name, owner: column } of tables) {
      if (column === undefined) continue;
      const where = [{ column, is: "=", value: owner }] as const;
      count += (await after(world, world.store.select(name, { where, limit: 10 }))).length;
    }
  }
  return count;
}

/** What a promise gives once everything that is due has happened. */
async function after<T>(world: World, promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  await world.settle();
  return promise;
}

function reasonOf(outcome: Outcome): string {
  return outcome.ok ? "ok" : outcome.reason;
}
