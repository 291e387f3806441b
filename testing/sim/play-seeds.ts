import assert from "node:assert/strict";
import { test } from "node:test";
import { generateScenario } from "./generate-scenario.ts";
import { commandFor } from "./play-command.ts";
import { runScenario } from "./run-scenario.ts";

/** Seeds that `npm test` plays, in as many files as keep each of them short. */
const seedsPerFile = 20;
/** All of them. */
export const seedsPlayed = 100;

/** Tests of one file's share of the seeds. */
export function playShare(share: number): void {
  for (let seed = share * seedsPerFile + 1; seed <= (share + 1) * seedsPerFile; seed += 1)
    test(`seed ${seed}: what must hold holds`, () => playSeed(seed));
}

/** Plays a seed; what went wrong is in the error, with how to see it again. */
export async function playSeed(seed: number, servers = 1): Promise<void> {
  const scenario = generateScenario(seed, servers);
  const { violations, stanzas, faults } = await runScenario(scenario);
  assert.deepEqual(violations, [], commandFor(seed, servers));
  assert.ok(
    scenario.cast.clients.length >= 20 && stanzas >= 2_000 && faults >= 10,
    `${stanzas} stanzas, ${faults} faults`,
  );
}
