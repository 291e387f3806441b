import assert from "node:assert/strict";
import { test } from "node:test";
import { anyAddress, accountAddress, domainName } from "#kit/administration-values.ts";
import type { ExportedMessages, PurgeProgress, ServerAdministration } from "#kit/administration.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { archiveAdministration } from "./archive-administration.ts";

const romeo = accountAddress.parse("romeo@montague.example");
const juliet = accountAddress.parse("juliet@capulet.example");
const montague = domainName.parse("montague.example");
const start = Date.parse("2026-01-01T00:00:00Z");
const signal = new AbortController().signal;

type Archives = ReturnType<typeof archiveAdministration>;

async function stage(count = 250): Promise<{ readonly world: World; readonly archives: Archives }> {
  const world = await startWorld({ accounts: [romeo, juliet] });
  const rows = [romeo, juliet].flatMap((owner) =>
    Array.from({ length: count }, (_, n) => ({
      op: "append" as const,
      store: "archive",
      owner,
      id: String(n).padStart(5, "0"),
      at: start + n * 3_600_000,
      with: n % 5 === 0 ? "nurse@capulet.example/pda" : "x@y.example",
      value: `<message><body>${n}</body></message>`,
    })),
  );
  await settled(world, world.store.commit(rows));
  return { world, archives: archiveAdministration(world.core) };
}

/** What waits for storage goes on when the world does. */
async function settled<T>(world: World, promise: Promise<T>): Promise<T> {
  const state = { isOver: false };
  const over = (): void => {
    state.isOver = true;
  };
  promise.then(over, over);
  for (let turns = 0; !state.isOver && turns < 1_000; turns += 1) await world.settle();
  return promise;
}

async function all<T>(world: World, items: AsyncIterable<T>): Promise<readonly T[]> {
  return settled(world, Array.fromAsync(items));
}

const ids = (pages: readonly ExportedMessages[]): readonly string[] =>
  pages.flatMap(({ messages }) => messages.map(({ id }) => id));

async function left(world: World, archives: Archives, address = romeo): Promise<number> {
  return (await settled(world, archives.archiveInfo({ address }))).messages;
}

test("what an archive holds is told, and how much of it is kept", async () => {
  const { world, archives } = await stage();
  await using _ = world;
  const quota = { retentionDays: { value: 0, own: false }, messagesMax: { value: 0, own: false } };
  assert.deepEqual(await settled(world, archives.archiveInfo({ address: romeo })), {
    address: romeo,
    messages: 250,
    firstAt: "2026-01-01T00:00:00.000Z",
    lastAt: "2026-01-11T09:00:00.000Z",
    quota,
  });
  const nobody = accountAddress.parse("nobody@montague.example");
  await assert.rejects(settled(world, archives.archiveInfo({ address: nobody })), { code: "not-found" });
});

for (const { what, query, expected } of [
  { what: "all", query: {}, expected: { count: 250, first: "00000", last: "00249" } },
  {
    what: "from a time on, up to and without another",
    query: { from: "2026-01-02T00:00:00.000Z", to: "2026-01-03T00:00:00.000Z" },
    expected: { count: 24, first: "00024", last: "00047" },
  },
  {
    what: "with somebody",
    query: { with: anyAddress.parse("nurse@capulet.example") },
    expected: { count: 50, first: "00000", last: "00245" },
  },
  {
    what: "with nobody",
    query: { with: anyAddress.parse("nobody@capulet.example") },
    expected: { count: 0, first: undefined, last: undefined },
  },
] satisfies readonly {
  what: string;
  query: Omit<Parameters<ServerAdministration["exportArchive"]>[0], "address">;
  expected: unknown;
}[])
  test(`an archive is exported page by page: ${what} [xep0313-8.1-02]`, async () => {
    const { world, archives } = await stage();
    await using _ = world;
    const pages = await all(world, archives.exportArchive({ address: romeo, ...query }, signal));
    const found = ids(pages);
    assert.deepEqual({ count: found.length, first: found[0], last: found.at(-1) }, expected);
    assert.deepEqual(
      [pages.map(({ done }) => done).indexOf(true), pages[0]?.total],
      [pages.length - 1, expected.count],
    );
    assert.ok(pages.every(({ messages }) => messages.length <= 100));
  });

for (const { what, request, removed, lefts } of [
  { what: "all of an account", request: { address: romeo }, removed: 250, lefts: [0, 250] },
  { what: "all of a host", request: { host: montague }, removed: 250, lefts: [0, 250] },
  {
    what: "what is old",
    request: { address: romeo, before: "2026-01-02T00:00:00.000Z" },
    removed: 24,
    lefts: [226, 250],
  },
  {
    what: "a conversation",
    request: { address: romeo, with: anyAddress.parse("nurse@capulet.example") },
    removed: 50,
    lefts: [200, 250],
  },
])
  test(`messages are purged in batches: ${what}`, async () => {
    const { world, archives } = await stage();
    await using _ = world;
    const told: readonly PurgeProgress[] = await all(world, archives.purgeArchive(request, signal));
    assert.deepEqual(told.at(-1), { done: true, removed, accounts: 1 });
    assert.deepEqual([await left(world, archives), await left(world, archives, juliet)], lefts);
    assert.ok(told.length >= Math.ceil(removed / 100));
  });

test("a purge that is interrupted ends between two batches", async () => {
  const { world, archives } = await stage();
  await using _ = world;
  const stop = new AbortController();
  const work = async (): Promise<void> => {
    for await (const _item of archives.purgeArchive({ address: romeo }, stop.signal)) stop.abort();
  };
  await settled(world, work());
  assert.equal(await left(world, archives), 150);
});

test("a purge of both an account and a host, of neither, or of a stranger's host is refused", async () => {
  const { world, archives } = await stage(1);
  await using _ = world;
  for (const [request, code] of [
    [{}, "invalid"],
    [{ address: romeo, host: montague }, "invalid"],
    [{ host: domainName.parse("verona.example") }, "not-found"],
  ] as const)
    await assert.rejects(all(world, archives.purgeArchive(request, signal)), { code });
  assert.equal(await left(world, archives), 1);
});

test("how much is kept is decided for an account, bit by bit, and taken back", async () => {
  const { world, archives } = await stage(5);
  await using _ = world;
  const set = (wanted: object) => settled(world, archives.setArchiveQuota({ address: romeo, ...wanted }));
  const own = (value: number) => ({ value, own: true });
  const host = { value: 0, own: false };
  assert.deepEqual((await set({ retentionDays: 9 })).quota, { retentionDays: own(9), messagesMax: host });
  assert.deepEqual((await set({ messagesMax: 2 })).quota, { retentionDays: own(9), messagesMax: own(2) });
  assert.deepEqual((await set({ retentionDays: "host" })).quota, { retentionDays: host, messagesMax: own(2) });
  await world.advance(3_600_000);
  assert.equal(await left(world, archives), 2);
  assert.deepEqual((await set({ messagesMax: "host" })).quota, { retentionDays: host, messagesMax: host });
  assert.equal(world.disk.entries.get(romeo)?.get("archive-limits")?.size ?? 0, 0);
});

test("a store that fails is said to be unavailable, and nothing has changed", async () => {
  const { world, archives } = await stage(5);
  await using _ = world;
  world.faults.failCommits("full");
  await assert.rejects(settled(world, archives.setArchiveQuota({ address: romeo, messagesMax: 1 })), {
    code: "unavailable",
  });
  await assert.rejects(all(world, archives.purgeArchive({ address: romeo }, signal)), { code: "unavailable" });
  world.faults.failCommits(undefined);
  assert.equal(await left(world, archives), 5);
});
