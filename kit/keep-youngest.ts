/** What remembers things in the order in which they were added: a map or a set. */
interface Remembering<Key> {
  readonly size: number;
  readonly keys: () => Iterable<Key>;
  readonly delete: (key: Key) => boolean;
}

/** Keeps a memory within its bound: what was added first is forgotten first. (A12) */
export function keepYoungest<Key>(known: Remembering<Key>, max: number): void {
  if (known.size <= max) return;
  for (const oldest of known.keys()) {
    known.delete(oldest);
    if (known.size <= max) return;
  }
}
