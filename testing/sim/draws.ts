import { randomFrom, type Random } from "#testing/random.ts";

/** Random numbers for one purpose; what is drawn for one purpose does not move what is drawn for another. */
export interface Draws extends Random {
  readonly chance: (share: number) => boolean;
  /** A whole number from `low` to `high`, both inclusive. */
  readonly between: (low: number, high: number) => number;
  /** One of the names, as often as its weight says. */
  readonly weighted: <Name extends string>(weights: Readonly<Record<Name, number>>) => Name;
}

/** The same seed and purpose give the same numbers. */
export function drawsFor(seed: number, purpose: string): Draws {
  const random = randomFrom(hashOf(`${seed} ${purpose}`));
  return {
    ...random,
    chance: (share) => random.share() < share,
    between: (low, high) => low + random.below(high - low + 1),
    weighted: (weights) => {
      const entries = Object.entries<number>(weights);
      let left = random.share() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [name, weight] of entries) {
        left -= weight;
        // Object.entries forgets that its names are the record's.
        if (left < 0) return name as keyof typeof weights;
      }
      return entries[0]?.[0] as keyof typeof weights;
    },
  };
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
