import assert from "node:assert/strict";
import { test } from "node:test";
import { generateScenario } from "./generate-scenario.ts";
import { playSeed } from "./play-seeds.ts";
import { runScenario } from "./run-scenario.ts";

test("seed 1 of 3 servers: what must hold holds across domains", async () => {
  await playSeed(1, 3);
});

test("seed 1 of 2 servers: what must hold holds, and again it gives the same trace, byte for byte", async () => {
  const { trace, violations } = await runScenario(generateScenario(1, 2));
  assert.deepEqual(violations, []);
  await playSeed(1, 2, { sameTrace: trace });
});
