/** The one of `known` that was probably meant by `written`; undefined when none is near. */
export function nearest(written: string, known: Iterable<string>): string | undefined {
  const wanted = plain(written);
  let best: { readonly word: string; readonly distance: number } | undefined;
  for (const word of known) {
    const candidate = plain(word);
    const isBeginning = wanted.length >= 3 && (wanted.startsWith(candidate) || candidate.startsWith(wanted));
    const distance = isBeginning ? 1 : editDistance(wanted, candidate);
    if (distance <= Math.max(1, Math.floor(word.length / 3)) && distance < (best?.distance ?? Infinity)) {
      best = { word, distance };
    }
  }
  return best?.word;
}

/** `stanzaBytesMax`, `stanza-bytes-max` and `stanza_bytes_max` are the same to whoever types them. */
function plain(word: string): string {
  return word.toLowerCase().replace(/[-_\s]/g, "");
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
export function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(previous, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(replaced, at(previous, j) + 1, at(current, j - 1) + 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) cost = Math.min(cost, at(beforePrevious, j - 2) + 1);
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
