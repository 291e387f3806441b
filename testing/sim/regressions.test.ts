import assert from "node:assert/strict";
import { test } from "node:test";
import { generateScenario } from "./generate-scenario.ts";
import { playSeed } from "./play-seeds.ts";
import regressions from "./regressions.json" with { type: "json" };
import { runScenario } from "./run-scenario.ts";
import { shrink } from "./shrink.ts";

for (const { seed, found } of regressions) test(`seed ${seed}: ${found}`, () => playSeed(seed));

test("the same seed gives the same trace, byte for byte", async () => {
  const scenario = generateScenario(7);
  const [first, second] = [
    await runScenario(scenario, { keepTrace: true }),
    await runScenario(scenario, { keepTrace: true }),
  ];
  assert.equal(first.lines.length > 5_000, true);
  assert.deepEqual(second.lines, first.lines);
  assert.equal(second.trace, first.trace);
});

test("seeds differ", async () => {
  assert.notEqual((await runScenario(generateScenario(8))).trace, (await runScenario(generateScenario(9))).trace);
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
