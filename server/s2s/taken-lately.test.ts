import assert from "node:assert/strict";
import { test } from "node:test";
import { TakenLately } from "./taken-lately.ts";

test("what was taken in the last minute is counted, and what is older than two is not", () => {
  for (let first = 1_000_000; first < 1_060_000; first += 7_000) {
    const taken = new TakenLately();
    taken.add(1_000_000);
    taken.add(first);
    assert.equal(taken.count(first + 59_999) >= 1, true);
    assert.equal(taken.count(first + 59_999) <= 2, true);
    assert.equal(taken.count(first + 121_000), 0);
  }
});

test("a clock that is looked at seldom makes nothing older than it is", () => {
  const taken = new TakenLately();
  for (let at = 0; at < 600_000; at += 50_000) {
    taken.add(at);
    assert.ok(taken.count(at) >= 1 && taken.count(at) <= 3);
  }
});
