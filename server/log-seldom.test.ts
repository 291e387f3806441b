import assert from "node:assert/strict";
import { test } from "node:test";
import { seldom } from "./log-seldom.ts";

test("what happens often is told once a while, with how often it has happened", () => {
  let now = 0;
  const told: number[] = [];
  const happen = seldom({ now: () => now }, 1_000, (times) => told.push(times));
  for (; now < 3_000; now += 10) happen();
  assert.deepEqual(told, [1, 100, 100]);
});

test("a clock that is set back does not silence it", () => {
  let now = 1_000_000;
  const told: number[] = [];
  const happen = seldom({ now: () => now }, 1_000, (times) => told.push(times));
  happen();
  now = 0;
  happen();
  assert.deepEqual(told, [1, 1]);
});
