import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import type { Write } from "#kit/storage.ts";
import { storageContract } from "#testing/contract/storage.ts";
import { contractShapes } from "#testing/contract/storage-fixtures.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { openMemoryStore } from "./memory-store.ts";

const disks = new Map<string, MemoryDisk>();

storageContract({
  kind: "memory",
  open: async (database, options) => {
    const disk = disks.get(database) ?? new MemoryDisk();
    disks.set(database, disk);
    return openMemoryStore({ ...options, disk, schedule: setImmediate }).store;
  },
});

const write = (value: string): readonly Write[] => [{ op: "set", store: "profile", owner: "a@b", key: "", value }];

/** A store whose steps happen when the test says so. */
async function stepped(disk = new MemoryDisk()) {
  const steps: (() => void)[] = [];
  const opened = openMemoryStore({ disk, schedule: (run) => steps.push(run) });
  await opened.store.declare(contractShapes);
  const step = async (): Promise<void> => {
    for (const run of steps.splice(0)) run();
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };
  await step();
  return { ...opened, step };
}

test("a commit is durable only when the disc has answered, and says so only then", async () => {
  const { store, disk, step } = await stepped();
  let answered = false;
  void store.commit(write("1")).then(() => (answered = true));
  await step();
  deepEqual([answered, disk.entries.size], [false, 0]);
  await step();
  deepEqual([answered, disk.entries.size], [true, 1]);
});

for (const [when, expected] of [
  ["before-durable", "old"],
  ["answer-lost", "new"],
] as const) {
  test(`a crash ${when} forgets what was not durable: ${expected} value`, async () => {
    const { store, disk, faults, step } = await stepped();
    const first = store.commit(write("old"));
    await step();
    await step();
    await first;
    let answers = 0;
    void store.commit(write("new")).finally(() => answers++);
    await step();
    void store.commit(write("queued")).finally(() => answers++);
    faults.crash(when);
    await step();
    await step();
    equal(answers, 0);
    equal(store.health.state, "down");
    const restarted = await stepped(disk);
    const value = restarted.store.get("profile", "a@b", "");
    await restarted.step();
    await restarted.step();
    equal(await value, expected);
  });
}

test("a full disc fails commits, lets reads and removals go on, and recovers", async () => {
  const { store, faults } = openMemoryStore({ schedule: setImmediate });
  await store.declare(contractShapes);
  await store.commit(write("1234"));
  faults.resize(6);
  await rejects(store.commit([{ op: "set", store: "roster", owner: "a@b", key: "k", value: "567" }]), { kind: "full" });
  equal(store.health.state, "failing");
  equal(await store.get("profile", "a@b", ""), "1234");
  await store.commit([{ op: "clear", store: "profile", owner: "a@b" }]);
  await store.commit([{ op: "set", store: "roster", owner: "a@b", key: "k", value: "567" }]);
  equal(store.health.state, "ok");
});

test("a crash whose last group finds no room leaves what was there", async () => {
  const { store, faults, disk } = openMemoryStore({ schedule: setImmediate });
  await store.declare(contractShapes);
  await store.commit(write("1234"));
  faults.resize(4);
  void store.commit(write("12345"));
  await new Promise((resolve) => setImmediate(resolve));
  faults.crash("answer-lost");
  const next = openMemoryStore({ schedule: setImmediate, disk });
  await next.store.declare(contractShapes);
  equal(await next.store.get("profile", "a@b", ""), "1234");
});

test("commits and reads fail on command", async () => {
  const { store, faults } = openMemoryStore({ schedule: setImmediate });
  await store.declare(contractShapes);
  faults.failCommits("read-only");
  await rejects(store.commit(write("1")), { kind: "read-only" });
  faults.failCommits(undefined);
  await store.commit(write("2"));
  faults.failReads("corrupt");
  await rejects(store.load("a@b"), { kind: "corrupt" });
  faults.failReads(undefined);
  equal(await store.get("profile", "a@b", ""), "2");
});

test("who watches is told of each group when the disc has it, and how it ended", async () => {
  const steps: (() => void)[] = [];
  const told: unknown[] = [];
  const { store, faults } = openMemoryStore({
    schedule: (run) => steps.push(run),
    groups: { begins: () => told.push("begins"), ends: (failure) => told.push(failure ?? "done") },
  });
  const step = async (): Promise<void> => {
    for (const run of steps.splice(0)) run();
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };
  await store.declare(contractShapes);
  await step();
  const commits = [store.commit(write("1")), store.commit(write("2"))];
  await step();
  deepEqual(told, ["begins"]);
  await step();
  await Promise.all(commits);
  faults.failCommits("unavailable");
  const failing = rejects(store.commit(write("3")), { kind: "unavailable" });
  await step();
  await step();
  await failing;
  faults.failCommits(undefined);
  faults.resize(1);
  const full = rejects(store.commit(write("12345")), { kind: "full" });
  await step();
  await step();
  await full;
  deepEqual(told, ["begins", "done", "begins", "unavailable", "begins", "full"]);
});
