import assert from "node:assert/strict";
import { test } from "node:test";
import { generateScenario } from "./generate-scenario.ts";
import { playSeed } from "./play-seeds.ts";
import { runScenario } from "./run-scenario.ts";

for (const servers of [2, 3])
  test(`seed 1 of ${servers} servers: what must hold holds across domains`, () => playSeed(1, servers));

test("the same seed of several servers gives the same trace, byte for byte", async () => {
  const scenario = generateScenario(4, 2);
  const [first, second] = [await runScenario(scenario), await runScenario(scenario)];
  assert.equal(second.trace, first.trace);
  assert.deepEqual(first.violations, []);
});
