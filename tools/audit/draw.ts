/** Draws some of the ids; the same seed and ids give the same draw. */
export function draw(
  ids: readonly string[],
  options: { readonly seed: number; readonly count: number },
): readonly string[] {
  const random = randomFrom(options.seed);
  return ids
    .toSorted()
    .map((id) => ({ id, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .slice(0, options.count)
    .map(({ id }) => id);
}

/** Numbers from 0 to below 1 (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
