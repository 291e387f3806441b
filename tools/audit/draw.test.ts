import assert from "node:assert/strict";
import { test } from "node:test";
import { draw } from "./draw.ts";

const ids = Array.from({ length: 200 }, (_, number) => `id-${number}`);

test("a seed always draws the same, in whatever order the ids come", () => {
  const drawn = draw(ids, { seed: 7, count: 20 });
  assert.equal(new Set(drawn).size, 20);
  assert.deepEqual(draw(ids.toReversed(), { seed: 7, count: 20 }), drawn);
});

test("another seed draws others", () => {
  assert.notDeepEqual(draw(ids, { seed: 1, count: 20 }), draw(ids, { seed: 2, count: 20 }));
});

test("no more are drawn than there are", () => {
  assert.deepEqual(draw(ids, { seed: 3, count: 1000 }).toSorted(), ids.toSorted());
});
