import assert from "node:assert/strict";
import { test } from "node:test";
import { skeletonOf } from "./skeleton.ts";

const alike: readonly (readonly [string, string])[] = [
  ["paypal", "раураl"],
  ["romeo", "rоmео"],
  ["romeo", "rorneo"],
  ["al1ce", "allce"],
  ["scope", "ѕсоре"],
  ["lpha", "lрhа"],
  ["o\u0308", "ö"],
  ["न\u200dम", "नम"],
];

for (const [one, other] of alike)
  test(`A19 ${one} and ${other} look alike`, () => assert.equal(skeletonOf(one), skeletonOf(other)));

for (const [one, other] of [
  ["romeo", "juliet"],
  ["ab", "ba"],
  ["user-1", "user-2"],
  ["müller", "muller"],
  ["日本", "日木"],
] as const)
  test(`${one} and ${other} do not`, () => assert.notEqual(skeletonOf(one), skeletonOf(other)));

test("a skeleton has its own skeleton", () => {
  for (const [one] of alike) assert.equal(skeletonOf(skeletonOf(one)), skeletonOf(one));
});
