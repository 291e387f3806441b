import assert from "node:assert/strict";
import { test } from "node:test";
import { randomFrom } from "#testing/random.ts";
import { Deadlines, type Deadline } from "./deadlines.ts";

test("the earliest comes first, whatever was added and taken out in which order", () => {
  const random = randomFrom(198);
  const queue = new Deadlines<Deadline>();
  const expected = new Set<Deadline>();
  for (let step = 0; step < 5_000; step += 1) {
    const some = [...expected][random.below(Math.max(1, expected.size))];
    if (some !== undefined && random.share() < 0.45) {
      queue.delete(some);
      queue.delete(some);
      expected.delete(some);
    } else {
      const entry = { at: random.below(100), place: -1 };
      queue.add(entry);
      expected.add(entry);
    }
    assert.equal(queue.size, expected.size);
    assert.equal(queue.first?.at, expected.size === 0 ? undefined : Math.min(...[...expected].map(({ at }) => at)));
  }
  const left: number[] = [];
  for (let next = queue.first; next !== undefined; next = queue.first) {
    left.push(next.at);
    queue.delete(next);
  }
  assert.deepEqual(
    left,
    [...expected].map(({ at }) => at).toSorted((a, b) => a - b),
  );
});
