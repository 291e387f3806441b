import assert from "node:assert/strict";
import { test } from "node:test";
import { generateScenario } from "./generate-scenario.ts";
import { commandFor } from "./play-command.ts";
import known from "./regressions.json" with { type: "json" };
import { runScenario } from "./run-scenario.ts";

interface PlayedSeed {
  readonly seed: number;
  /** The bug that it found. */
  readonly found?: string;
}

/** How many seeds of one server `npm test` plays, in as many files as keep each of them short. */
const seedsPlayed = 100;
const filesCount = 5;

const regressions: readonly (PlayedSeed & { readonly servers?: number })[] = known;
const played = seedsToPlay(regressions.filter(({ servers = 1 }) => servers === 1));

/** Those that found bugs, and the first others. */
export function seedsToPlay(finders: readonly PlayedSeed[]): readonly PlayedSeed[] {
  const others = Array.from({ length: seedsPlayed + finders.length }, (_, index) => ({ seed: index + 1 }));
  const numbers = new Set(finders.map(({ seed }) => seed));
  const left = Math.max(0, seedsPlayed - finders.length);
  return [...finders, ...others.filter(({ seed }) => !numbers.has(seed)).slice(0, left)];
}

/** Tests of one file's share of the seeds. */
export function playShare(share: number): void {
  for (const [index, { seed, found = "what must hold holds" }] of played.entries())
    if (index % filesCount === share) test(`seed ${seed}: ${found}`, () => playSeed(seed));
}

/**
 * Plays a seed; what went wrong is in the error, with how to see it again.
 *
 * @param options.sameTrace that of another time, which this one is to have as well
 * @param options.component whether there is an external component
 */
export async function playSeed(
  seed: number,
  servers = 1,
  { sameTrace, component = false }: { readonly sameTrace?: string; readonly component?: boolean } = {},
): Promise<void> {
  const scenario = generateScenario(seed, servers, { component });
  const { violations, stanzas, faults, trace } = await runScenario(scenario);
  assert.deepEqual(violations, [], commandFor(seed, servers, component));
  assert.ok(
    scenario.cast.clients.length >= 20 && stanzas >= 2_000 && faults >= 10,
    `${stanzas} stanzas, ${faults} faults`,
  );
  assert.equal(trace, sameTrace ?? trace);
}
