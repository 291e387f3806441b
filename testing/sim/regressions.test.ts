import assert from "node:assert/strict";
import { test } from "node:test";
import { generateScenario } from "./generate-scenario.ts";
import { playSeed, seedsToPlay } from "./play-seeds.ts";
import known from "./regressions.json" with { type: "json" };
import { runScenario } from "./run-scenario.ts";
import { shrink } from "./shrink.ts";

const regressions: readonly { readonly seed: number; readonly found: string; readonly servers?: number }[] = known;

// Those of one server are played by other files.
for (const { seed, found, servers = 1 } of regressions)
  if (servers > 1) test(`seed ${seed} of ${servers} servers: ${found}`, () => playSeed(seed, servers));

test("the seeds that found bugs are among a hundred and more that are played", () => {
  const finders = [{ seed: 3, found: "a bug" }, { seed: 900 }];
  const seeds = seedsToPlay(finders).map(({ seed }) => seed);
  assert.deepEqual(seeds.slice(0, 6), [3, 900, 1, 2, 4, 5]);
  assert.deepEqual([seeds.length, new Set(seeds).size], [100, 100]);
  const many = Array.from({ length: 130 }, (_, index) => ({ seed: 1_000 + index }));
  assert.deepEqual(seedsToPlay(many), many);
});

test("the same seed gives the same trace, byte for byte, and another one another", async () => {
  const play = (seed: number) => runScenario(generateScenario(seed), { keepTrace: true });
  const [first, second, other] = [await play(7), await play(7), await play(8)];
  assert.equal(first.lines.length > 5_000, true);
  assert.deepEqual(second.lines, first.lines);
  assert.equal(second.trace, first.trace);
  assert.notEqual(other.trace, first.trace);
});

test("a failing scenario is shrunk to the steps that it takes", async () => {
  const scenario = generateScenario(9);
  const [first, last] = [scenario.steps[100], scenario.steps.at(-100)];
  const small = await shrink(scenario, {
    violation: "u1@capulet.example/street#2 got m7 of u2@capulet.example twice",
    msMax: 60_000,
    progress: () => undefined,
    violationsOf: async ({ steps }) =>
      steps.some((step) => step === first) && steps.some((step) => step === last)
        ? ["something else", "u4@montague.example/balcony#1 got m123 of u5@capulet.example twice"]
        : ["something else"],
  });
  assert.deepEqual(small.steps, [first, last]);
});
