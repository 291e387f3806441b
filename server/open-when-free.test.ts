import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreError } from "#kit/storage.ts";
import { inUseMsMax, openWhenFree } from "./open-when-free.ts";

/** Another process has the store until then, and to look takes some time. */
async function openedAfter(freeAtMs: number, failure = new StoreError("locked", "another server works here")) {
  const lookMs = 50;
  const tally = { looks: 0, told: 0, ms: 0 };
  const open = async (): Promise<string> => {
    tally.looks += 1;
    tally.ms += lookMs;
    if (tally.ms <= freeAtMs) throw failure;
    return "open";
  };
  const clock = { now: () => tally.ms, sleep: async (ms: number) => void (tally.ms += ms) };
  const outcome = await openWhenFree(open, () => void (tally.told += 1), clock).catch((error: unknown) => error);
  return { outcome, ...tally };
}

for (const { freeAtMs, looks, told } of [
  { freeAtMs: 0, looks: 1, told: 0 },
  { freeAtMs: 900, looks: 7, told: 0 },
  { freeAtMs: 3_000, looks: 21, told: 1 },
  { freeAtMs: inUseMsMax - 150, looks: 67, told: 1 },
])
  test(`a store that is free after ${freeAtMs} ms is waited for, and that is told ${told === 1 ? "once" : "to nobody"}`, async () => {
    const { ms: _, ...found } = await openedAfter(freeAtMs);
    assert.deepEqual(found, { outcome: "open", looks, told });
  });

test("a store that is not let go is given up", async () => {
  const { outcome, ms } = await openedAfter(Infinity);
  assert.ok(outcome instanceof StoreError && outcome.kind === "locked");
  assert.ok(ms >= inUseMsMax && ms < inUseMsMax + 200, String(ms));
});

test("what else is wrong with a store is told at once", async () => {
  const damaged = new StoreError("corrupt", "this is no database");
  assert.deepEqual(await openedAfter(60, damaged), { outcome: damaged, looks: 1, told: 0, ms: 50 });
});
