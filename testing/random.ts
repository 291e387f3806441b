/** Random numbers that are the same for the same seed (mulberry32). */
export interface Random {
  /** From 0 to 1, exclusive. */
  readonly share: () => number;
  /** A whole number from 0 to `below`, exclusive. */
  readonly below: (below: number) => number;
  readonly one: <T>(choices: readonly [T, ...T[]]) => T;
}

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const share = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number): number => Math.floor(share() * bound);
  return { share, below, one: (choices) => choices[below(choices.length)] ?? choices[0] };
}
