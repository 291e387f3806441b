/** Tries to have with less text. */
const attemptsMaxDefault = 3_000;
const smallSizeMax = 24;

/**
 * A shorter text of which the same is true: larger pieces are left out first, then smaller ones, down to single bytes.
 *
 * @param holds asked at most `attemptsMax` times
 */
export function shrink(text: string, holds: (shorter: string) => boolean, attemptsMax = attemptsMaxDefault): string {
  let best = text;
  let attempts = 0;
  for (const size of sizesOf(best.length)) {
    for (let at = 0; at < best.length;) {
      if (++attempts > attemptsMax) return best;
      const shorter = best.slice(0, at) + best.slice(at + size);
      if (holds(shorter)) best = shorter;
      else at += size;
    }
  }
  return best;
}

/** By halves, and at last every small one: what can go may be as long as it likes. */
function sizesOf(length: number): readonly number[] {
  const sizes: number[] = [];
  for (let size = length >> 1; size > 0; size >>= 1) sizes.push(size);
  for (let size = Math.min(smallSizeMax, length - 1); size > 0; size--) sizes.push(size);
  return sizes;
}
