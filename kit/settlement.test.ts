import assert from "node:assert/strict";
import { test } from "node:test";
import { SettlementTracker } from "./settlement.ts";

test("what is settled out of order counts when all before it is settled", () => {
  const counts: number[] = [];
  const tracker = new SettlementTracker(() => counts.push(tracker.settled));
  const [one, two, three] = [tracker.next(), tracker.next(), tracker.next()];
  three.release();
  two.release();
  assert.deepEqual([tracker.received, tracker.settled], [3, 0]);
  one.release();
  assert.deepEqual(counts, [3]);
});

test("what is settled stays so, whoever holds it later", () => {
  const counts: number[] = [];
  const tracker = new SettlementTracker(() => counts.push(tracker.settled));
  const [one, two] = [tracker.next(), tracker.next()];
  one.release();
  one.hold();
  one.release();
  two.release();
  assert.deepEqual(counts, [1, 2]);
});

test("a stanza is settled when its last hold is released, and once", () => {
  const counts: number[] = [];
  const tracker = new SettlementTracker(() => counts.push(tracker.settled));
  const only = tracker.next();
  only.hold();
  only.hold();
  only.release();
  only.release();
  assert.deepEqual(counts, []);
  only.release();
  assert.deepEqual(counts, [1]);
});
