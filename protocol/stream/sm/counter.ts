/** The counters of stream management start again at zero after 2^32 - 1. [xep0198-4-02] */
export const smCountModulus = 2 ** 32;

/** The count after `stanzas` more. Counts are of stanzas only, never of `<r/>`, `<a/>` and the like. */
export function addToCount(count: number, stanzas = 1): number {
  return (count + stanzas) >>> 0;
}

/** How many stanzas lie between two counts, wrap-around included. */
export function countBetween(earlier: number, later: number): number {
  return (later - earlier) >>> 0;
}
