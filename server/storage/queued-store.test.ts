import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import type { Write } from "#kit/storage.ts";
import { contractShapes } from "#testing/contract/storage-fixtures.ts";
import { openMemoryStore } from "./memory-store.ts";

const write = (n: number): readonly Write[] => [{ op: "set", store: "profile", owner: `${n}@b`, key: "", value: "v" }];

test("the callers of a large group are told some in a turn, in order, and the next group does not wait for that", async () => {
  const steps: (() => void)[] = [];
  const { store } = openMemoryStore({ schedule: (run) => steps.push(run), bounds: { settledAtOnceMax: 4 } });
  await store.declare(contractShapes);
  const told: number[] = [];
  const step = async (): Promise<number> => {
    const before = told.length;
    for (const run of steps.splice(0)) run();
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    return told.length - before;
  };
  for (let n = 0; n < 10; n++) void store.commit(write(n)).then(() => told.push(n));
  const perStep = [await step()];
  void store.commit(write(10)).then(() => told.push(10));
  while (told.length < 11 && perStep.length < 20) perStep.push(await step());
  // Turn, disc with the first four, four more, and the last two with the commit that was written meanwhile.
  deepEqual(perStep, [0, 4, 4, 3]);
  deepEqual(
    told,
    Array.from({ length: 11 }, (_, n) => n),
  );
  deepEqual([store.health.groups, store.health.commits, store.health.commitsPending], [2, 11, 0]);
});

test("a thousand callers are told a hundred at most in one turn of the loop", async () => {
  const { store } = openMemoryStore({ schedule: setImmediate });
  await store.declare(contractShapes);
  const told: number[] = [];
  const everybody = Promise.all(
    Array.from({ length: 1_000 }, (_, n) => store.commit(write(n)).then(() => told.push(n))),
  );
  const perTurn: number[] = [];
  for (let before = 0; before < 1_000; before = told.length) {
    await new Promise<void>((resolve) => void setImmediate(resolve));
    perTurn.push(told.length - before);
  }
  await everybody;
  ok(Math.max(...perTurn) <= 100, perTurn.join());
});

test("a store that is closed has told everybody before", async () => {
  const { store } = openMemoryStore({ schedule: setImmediate, bounds: { settledAtOnceMax: 1 } });
  await store.declare(contractShapes);
  let told = 0;
  for (let n = 0; n < 5; n++) void store.commit(write(n)).then(() => told++);
  await store[Symbol.asyncDispose]();
  equal(told, 5);
});
