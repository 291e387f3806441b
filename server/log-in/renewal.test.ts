import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultSaslServerPolicy } from "#protocol/sasl/server-policy.ts";
import type { StoredCredentials } from "#protocol/sasl/stored-credentials.ts";
import { bareJid } from "#testing/addresses.ts";
import { credentialsOf } from "#testing/sasl/run-exchange.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { iterationsSeen, iterationsShape } from "./iterations-seen.ts";
import { openMemoryStore } from "../storage/memory-store.ts";

const romeo = bareJid("romeo@montague.example");
const sasl = { ...defaultSaslServerPolicy, scramIterations: 5_000 };
const old = credentialsOf("romeo", "romeo", { ...sasl, scramIterations: 4_096 });
const other = credentialsOf("romeo", "another password", sasl);

async function settled<Result>(world: World, promise: Promise<Result>): Promise<Result> {
  await world.settle();
  return promise;
}

async function credentialsIn(world: World): Promise<StoredCredentials> {
  const record = await settled(world, world.core.accounts.find(romeo));
  return record?.credentials ?? assert.fail("there is no account");
}

/** A world whose one account has keys from before the policy was changed. */
async function withOldKeys(): Promise<World> {
  const world = await startWorld({ accounts: [romeo], settings: { sasl } });
  const from = await credentialsIn(world);
  assert.deepEqual(await settled(world, world.core.accounts.renewCredentials(romeo, { from, to: old })), { ok: true });
  return world;
}

function countsOf({ scram }: StoredCredentials): readonly number[] {
  return Object.values(scram).map(({ iterations }) => iterations);
}

test("A27 keys of an old iteration count are made anew when the password is shown, and whoever is there stays", async () => {
  await using world = await withOldKeys();
  assert.deepEqual(countsOf(await credentialsIn(world)), [4_096, 4_096, 4_096]);
  const first = await world.login(`${romeo}/first`);
  await world.settle();
  assert.deepEqual(countsOf(await credentialsIn(world)), [5_000, 5_000, 5_000]);
  const second = await world.login(`${romeo}/second`);
  assert.deepEqual([first.connectionClosed, second.connectionClosed], [false, false]);
  const told = world.log.filter(({ text }) => text.startsWith("the keys of the password were made anew"));
  assert.equal(told.length, 1);
});

test("keys of a password that was changed meanwhile are not put back", async () => {
  await using world = await withOldKeys();
  const from = await credentialsIn(world);
  await settled(world, world.core.accounts.setPassword(romeo, "another password"));
  const now = await credentialsIn(world);
  const outcome = await settled(world, world.core.accounts.renewCredentials(romeo, { from, to: other }));
  assert.equal(outcome.ok, false);
  assert.deepEqual(await credentialsIn(world), now);
});

test("keys of an account that is gone are not brought back", async () => {
  await using world = await withOldKeys();
  const from = await credentialsIn(world);
  await settled(world, world.core.accounts.delete(romeo));
  const outcome = await settled(world, world.core.accounts.renewCredentials(romeo, { from, to: other }));
  assert.equal(outcome.ok, false);
  assert.equal(await settled(world, world.core.accounts.find(romeo)), undefined);
});

test("the iteration counts that there were are remembered, each once, the present one last, and not for ever", async () => {
  const { store } = openMemoryStore({ schedule: queueMicrotask });
  await store.declare([iterationsShape]);
  assert.deepEqual(await iterationsSeen(store, 4_096), [4_096]);
  assert.deepEqual(await iterationsSeen(store, 10_000), [4_096, 10_000]);
  assert.deepEqual(await iterationsSeen(store, 10_000), [4_096, 10_000]);
  assert.deepEqual(await iterationsSeen(store, 4_096), [10_000, 4_096]);
  for (let count = 20_001; count <= 20_020; count += 1) await iterationsSeen(store, count);
  const last = await iterationsSeen(store, 20_021);
  assert.deepEqual([last.length, last.at(-1)], [8, 20_021]);
});
