import assert from "node:assert/strict";
import { test } from "node:test";
import { anyJid } from "#testing/addresses.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { owedStanzas, StoredHibernation } from "./hibernation.ts";
import { securedAfterMs } from "./owed-stanza.ts";
import { Removal } from "./removal.ts";

const juliet = anyJid("juliet@capulet.example/balcony");

/** A row of a session that is over, and what is to remove it. */
async function withRow(world: World) {
  await world.login(juliet);
  const account = world.core.registry.sessionOf(juliet)?.account;
  assert.ok(account !== undefined);
  const stored = new StoredHibernation(account, "resumption");
  account.post(() => stored.append(7, { text: "<iq/>", reached: "nobody" }));
  await world.settle();
  const removal = new Removal({ account, env: world.env }, stored, [7]);
  return {
    removal,
    begin: async (): Promise<void> => {
      account.post(() => removal.begin());
      await world.settle();
    },
    rows: () => world.disk.sortedArchive(owedStanzas.name, account.jid).length,
  };
}

test("what is stored of a session that is over is removed once", async () => {
  await using world = await startWorld({ accounts: ["juliet@capulet.example"] });
  const { begin, rows } = await withRow(world);
  assert.equal(rows(), 1);
  await begin();
  assert.equal(rows(), 0);
  const { commits } = world.store.health;
  await world.advance(3 * securedAfterMs);
  assert.equal(world.store.health.commits, commits);
});

test("what cannot be removed is removed when that can be", async () => {
  await using world = await startWorld({ accounts: ["juliet@capulet.example"] });
  const { begin, rows } = await withRow(world);
  world.faults.failCommits("full");
  await begin();
  await world.advance(2 * securedAfterMs);
  assert.equal(rows(), 1);
  world.faults.failCommits(undefined);
  await world.advance(2 * securedAfterMs);
  assert.equal(rows(), 0);
});

test("nothing is tried any more when the server stops", async () => {
  await using world = await startWorld({ accounts: ["juliet@capulet.example"] });
  const { removal, begin, rows } = await withRow(world);
  world.faults.failCommits("full");
  await begin();
  removal[Symbol.dispose]();
  world.faults.failCommits(undefined);
  await world.advance(3 * securedAfterMs);
  assert.equal(rows(), 1);
});
