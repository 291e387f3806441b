import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { StoreError } from "#kit/storage.ts";
import { StoreTrouble } from "./store-trouble.ts";

/** A trouble whose probes succeed when `isWell` is set; all that happened is in `told`. */
function watched() {
  const told: string[] = [];
  const state = { isWell: false, probes: 0 };
  const recovered = Promise.withResolvers<void>();
  const trouble = new StoreTrouble(
    {
      failed: ({ kind }) => void told.push(kind),
      recovered: () => {
        told.push("recovered");
        recovered.resolve();
      },
    },
    () => {
      state.probes++;
      return state.isWell ? Promise.resolve() : Promise.reject(new Error("still failing"));
    },
  );
  return { told, state, trouble, recovered: recovered.promise };
}

test("a store that failed is tried until it works, without anybody asking", async () => {
  const { told, state, trouble, recovered } = watched();
  trouble.failed(new StoreError("full", "no space"));
  equal(trouble.failing, true);
  while (state.probes < 1) await sleep(20);
  equal(trouble.failing, true);
  state.isWell = true;
  while (state.probes < 2) await sleep(20);
  await recovered;
  equal(trouble.failing, false);
  deepEqual(told, ["full", "recovered"]);
  // The next trouble is tried, too.
  trouble.failed(new StoreError("unavailable", "gone"));
  while (state.probes < 3) await sleep(20);
  trouble.close();
});

test("a commit that succeeds ends a trouble, and the trying", async () => {
  const { told, state, trouble } = watched();
  trouble.worked();
  deepEqual(told, []);
  trouble.failed(new StoreError("unavailable", "gone"));
  trouble.failed(new StoreError("unavailable", "gone"));
  trouble.worked();
  trouble.worked();
  deepEqual(told, ["unavailable", "unavailable", "recovered"]);
  await sleep(600);
  equal(state.probes, 0);
});

test("what only concerns who asked is no trouble of the store", () => {
  const { told, trouble } = watched();
  for (const kind of ["conflict", "too-large", "too-busy"] as const) trouble.failed(new StoreError(kind, ""));
  equal(trouble.failing, false);
  deepEqual(told, []);
});

test("a store that is closed is not tried any more", async () => {
  const { told, state, trouble } = watched();
  trouble.failed(new StoreError("full", ""));
  trouble.close();
  trouble.failed(new StoreError("full", ""));
  await sleep(600);
  deepEqual([state.probes, told], [0, ["full"]]);
});
