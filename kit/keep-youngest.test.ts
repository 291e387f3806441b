import assert from "node:assert/strict";
import { test } from "node:test";
import { keepYoungest } from "./keep-youngest.ts";

for (const [max, kept] of [
  [4, ["a", "b", "c"]],
  [3, ["a", "b", "c"]],
  [2, ["b", "c"]],
  [0, []],
] as const)
  test(`of three that were added ${max} at most are kept, the youngest`, () => {
    const set = new Set(["a", "b", "c"]);
    const map = new Map([...set].map((key) => [key, key] as const));
    keepYoungest(set, max);
    keepYoungest(map, max);
    assert.deepEqual([[...set], [...map.keys()]], [kept, kept]);
  });

test("what is added once more after it was taken out is the youngest", () => {
  const set = new Set(["a", "b"]);
  set.delete("a");
  set.add("a");
  keepYoungest(set, 1);
  assert.deepEqual([...set], ["a"]);
});
