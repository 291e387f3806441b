import assert from "node:assert/strict";
import { test } from "node:test";
import { bareOf, parseJid } from "#protocol/jid/jid.ts";
import type { Write } from "#kit/storage.ts";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { archiveLimitsChanged } from "./events.ts";
import { archive } from "./server.ts";
import { archivedMessages, archiveLimits, type ArchiveLimits } from "./slots.ts";

const romeo = "romeo@montague.example";
const hour = 3_600_000;
const day = 24 * hour;

const stage = (options: Readonly<Record<string, unknown>> = {}): Promise<World> =>
  startWorld({ accounts: [romeo], modules: [...instantMessaging, archive], options: { archive: true, ...options } });

/** Rows of an owner, one a day, the last of them now. */
function rows(world: World, owner: string, days: number): readonly Write[] {
  return Array.from({ length: days }, (_, n) => ({
    op: "append",
    store: archivedMessages.name,
    owner,
    id: String(n).padStart(5, "0"),
    at: world.env.now() - (days - 1 - n) * day,
    with: "x@y",
    value: "<message/>",
  }));
}

async function commit(world: World, writes: readonly Write[]): Promise<void> {
  const done = world.store.commit(writes);
  await world.settle();
  await done;
}

async function left(world: World, owner: string): Promise<string> {
  const asked = world.store.page(archivedMessages.name, owner, { max: 1, direction: "forward", countRows: true });
  await world.settle();
  const page = await asked;
  assert.ok(page.found);
  return `${page.count} from ${page.first ?? "none"}`;
}

async function limit(world: World, limits: ArchiveLimits): Promise<void> {
  const host = [...world.core.hosts.values()].find(({ domain }) => domain === "montague.example") ?? assert.fail();
  host.post(bareOf(parseJid(romeo) ?? assert.fail()), (account) => account?.value(archiveLimits).set(limits));
  await world.settle();
  host.emit(archiveLimitsChanged, { account: romeo });
  await world.settle();
}

for (const { options, expected } of [
  { options: {}, expected: "300 from 00000" },
  { options: { "archive.retention_days": 7 }, expected: "7 from 00293" },
  { options: { "archive.messages_max": 10 }, expected: "10 from 00290" },
  { options: { "archive.messages_max": 10, "archive.retention_days": 3 }, expected: "3 from 00297" },
])
  test(`archives of who never logs in are tidied, in batches: ${JSON.stringify(options)} [xep0313-3.2-01] [xep0313-3.2-02]`, async () => {
    await using world = await stage(options);
    const owners = Array.from({ length: 70 }, (_, n) => `user${String(n).padStart(2, "0")}@montague.example`);
    const [first, last] = [owners[0] ?? "", owners.at(-1) ?? ""];
    await commit(
      world,
      [first, last].flatMap((owner) => rows(world, owner, 300)),
    );
    await commit(
      world,
      owners.slice(1, -1).flatMap((owner) => rows(world, owner, 1)),
    );
    await commit(world, rows(world, "user@capulet.example", 300));
    await world.env.advance(hour);
    assert.deepEqual([await left(world, first), await left(world, last)], [expected, expected]);
    assert.equal(await left(world, owners[1] ?? ""), "1 from 00000");
    // Nobody was woken for it.
    assert.equal([...world.core.registry.sessions()].length, 0);
  });

test("what an administrator decided for one account goes before what holds for its host, both ways", async () => {
  await using world = await stage({ "archive.retention_days": 7 });
  const other = "other@montague.example";
  await commit(world, [...rows(world, romeo, 100), ...rows(world, other, 100)]);
  await limit(world, { retentionDays: 0, messagesMax: 50 });
  await world.env.advance(hour);
  assert.deepEqual([await left(world, romeo), await left(world, other)], ["50 from 00050", "7 from 00093"]);
});

test("a limit of one account alone is kept to also where the host has none, and soon", async () => {
  await using world = await stage();
  await commit(world, [...rows(world, romeo, 20), ...rows(world, "other@montague.example", 20)]);
  await world.env.advance(day);
  await limit(world, { messagesMax: 5 });
  await world.env.advance(hour);
  assert.deepEqual(
    [await left(world, romeo), await left(world, "other@montague.example")],
    ["5 from 00015", "20 from 00000"],
  );
});

test("a walk that storage interrupts goes on where it was, and the removal is counted", async () => {
  await using world = await stage({ "archive.messages_max": 1 });
  const owners = Array.from({ length: 120 }, (_, n) => `user${String(n).padStart(3, "0")}@montague.example`);
  await commit(
    world,
    owners.flatMap((owner) => rows(world, owner, 2)),
  );
  await world.env.advance(60_000 + 80 * 40);
  world.faults.failCommits("full");
  await world.env.advance(10_000);
  world.faults.failCommits(undefined);
  const reads = world.store.health.reads;
  await world.env.advance(80_000);
  for (const owner of [owners[0], owners[60], owners[119]])
    assert.equal(await left(world, owner ?? ""), "1 from 00001");
  // Two reads for each owner, and one more where something is removed: the first fifty are not looked at once more.
  assert.ok(world.store.health.reads - reads <= 3 * 70 + 10, String(world.store.health.reads - reads));
});
