import assert from "node:assert/strict";
import { test } from "node:test";
import { generateScenario } from "./generate-scenario.ts";
import { named, playSeed, regressions, seedsToPlay } from "./play-seeds.ts";
import { runScenario } from "./run-scenario.ts";
import { shrink } from "./shrink.ts";
import type { Step } from "./steps.ts";

// Those of one server alone are played by other files.
for (const { seed, found, servers = 1, component = false, edition } of regressions) {
  if (servers === 1 && !component) continue;
  const world = `${servers === 1 ? "" : ` of ${servers} servers`}${component ? " with a component" : ""}`;
  test(`${named(seed, edition)}${world}: ${found}`, async () => {
    await playSeed(seed, servers, { component, edition });
  });
}

test("the seeds that found bugs are among a hundred and more that are played", () => {
  const finders = [{ seed: 3, found: "a bug" }, { seed: 900 }, { seed: 4, found: "another", edition: 1 }];
  const seeds = seedsToPlay(finders).map(({ seed }) => seed);
  assert.deepEqual(seeds.slice(0, 7), [3, 900, 4, 1, 2, 4, 5]);
  assert.deepEqual([seeds.length, new Set(seeds).size], [100, 99]);
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

test("the scenario of a seed has what it had under an earlier edition, at the same moments", () => {
  const wordOf = (step: Step): string => JSON.stringify({ ...step, group: undefined, steps: undefined });
  for (const servers of [1, 2]) {
    const [earlier, later] = [generateScenario(25, servers, { edition: 1 }), generateScenario(25, servers)];
    const words = later.steps.map(wordOf);
    assert.ok(words.length > earlier.steps.length);
    assert.deepEqual(later.cast, earlier.cast);
    assert.deepEqual(new Set(words).isSupersetOf(new Set(earlier.steps.map(wordOf))), true);
  }
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
