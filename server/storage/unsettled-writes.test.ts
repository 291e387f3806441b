import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { Write } from "#kit/storage.ts";
import { UnsettledWrites } from "./unsettled-writes.ts";

const set = (owner: string, store: string): Write => ({ op: "set", owner, store, key: "", value: "" });

test("a read waits for the last commit of its owner or its store, and for a wipe of anybody", () => {
  const unsettled = new UnsettledWrites();
  unsettled.called([set("a", "s"), set("b", "t")]);
  unsettled.called([set("a", "t")]);
  unsettled.called([{ op: "wipe", owner: "c" }]);
  deepEqual(
    ["a", "b", "c", "d"].map((owner) => unsettled.ofOwner(owner)),
    [2, 1, 3, 0],
  );
  deepEqual(
    ["s", "t", "u"].map((store) => unsettled.ofStore(store)),
    [3, 3, 3],
  );
});

test("what is settled is not held on to", () => {
  const unsettled = new UnsettledWrites();
  const commits = [[set("a", "s")], [set("a", "s"), set("b", "s")], [{ op: "wipe", owner: "a" } as const]];
  const sequences = commits.map((writes) => unsettled.called(writes));
  const sizes = commits.map((writes, n) => {
    unsettled.settled(writes, sequences[n] ?? 0);
    return unsettled.size;
  });
  deepEqual(sizes, [3, 1, 0]);
  equal(unsettled.settledUpTo, 3);
});
