import assert from "node:assert/strict";
import { test } from "node:test";
import { generateScenario, latestEdition } from "./generate-scenario.ts";
import type { Hits } from "./hits.ts";
import { commandFor } from "./play-command.ts";
import known from "./regressions.json" with { type: "json" };
import { runScenario } from "./run-scenario.ts";

interface PlayedSeed {
  readonly seed: number;
  /** The bug that it found. */
  readonly found?: string;
  /** How its scenario is made; default: as at present. */
  readonly edition?: number;
}

/** A seed that found a bug. */
export interface Regression extends PlayedSeed {
  readonly found: string;
  /** Default: one. */
  readonly servers?: number;
  /** Whether the world has an external component. */
  readonly component?: boolean;
  /** How scenarios were made then. */
  readonly edition: number;
}

/** How many seeds of one server `npm test` plays, in as many files as keep each of them short. */
const seedsPlayed = 100;
const filesCount = 5;

// What says nothing of it was found in the first edition.
export const regressions: readonly Regression[] = known.map((regression) => ({ edition: 1, ...regression }));
const played = seedsToPlay(regressions.filter(({ servers = 1, component = false }) => servers === 1 && !component));

/** Those that found bugs, and the first others. */
export function seedsToPlay(finders: readonly PlayedSeed[]): readonly PlayedSeed[] {
  const others = Array.from({ length: seedsPlayed + finders.length }, (_, index) => ({ seed: index + 1 }));
  const numbers = new Set(
    finders.filter(({ edition = latestEdition }) => edition === latestEdition).map(({ seed }) => seed),
  );
  const left = Math.max(0, seedsPlayed - finders.length);
  return [...finders, ...others.filter(({ seed }) => !numbers.has(seed)).slice(0, left)];
}

/** Tests of one file's share of the seeds. */
export function playShare(share: number): void {
  for (const [index, { seed, found = "what must hold holds", edition = latestEdition }] of played.entries())
    if (index % filesCount === share)
      test(`${named(seed, edition)}: ${found}`, async () => {
        await playSeed(seed, 1, { edition });
      });
}

/** What tells a seed apart in the name of a test. */
export function named(seed: number, edition: number): string {
  return edition === latestEdition ? `seed ${seed}` : `seed ${seed} of edition ${edition}`;
}

/**
 * Plays a seed; what went wrong is in the error, with how to see it again.
 *
 * @param options.sameTrace that of another time, which this one is to have as well
 * @param options.component whether there is an external component
 * @param options.edition how its scenario is made
 * @returns how often faults hit what they were aimed at
 */
export async function playSeed(
  seed: number,
  servers = 1,
  {
    sameTrace,
    component = false,
    edition = latestEdition,
  }: { readonly sameTrace?: string; readonly component?: boolean; readonly edition?: number } = {},
): Promise<Readonly<Hits>> {
  const scenario = generateScenario(seed, servers, { component, edition });
  const { violations, stanzas, faults, trace, hits } = await runScenario(scenario);
  assert.deepEqual(violations, [], commandFor(seed, { servers, component, edition }));
  assert.ok(
    scenario.cast.clients.length >= 20 && stanzas >= 2_000 && faults >= 10,
    `${stanzas} stanzas, ${faults} faults`,
  );
  assert.equal(trace, sameTrace ?? trace);
  return hits;
}
