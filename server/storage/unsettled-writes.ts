import type { Write } from "#kit/storage.ts";

/**
 * Numbers the commits in the order of their calls and knows, for an owner or a store, the last one that is not settled:
 * what a read must wait for. Commits are settled in the order of their numbers, so that one number says what is done.
 */
export class UnsettledWrites {
  settledUpTo = 0;
  #calls = 0;
  #lastWipe = 0;
  readonly #lastOfOwner = new Map<string, number>();
  readonly #lastOfStore = new Map<string, number>();

  called(writes: readonly Write[]): number {
    const sequence = ++this.#calls;
    for (const write of writes) {
      if ("owner" in write) this.#lastOfOwner.set(write.owner, sequence);
      if ("store" in write) this.#lastOfStore.set(write.store, sequence);
      else this.#lastWipe = sequence;
    }
    return sequence;
  }

  settled(writes: readonly Write[], sequence: number): void {
    this.settledUpTo = sequence;
    for (const write of writes) {
      if ("owner" in write) forget(this.#lastOfOwner, write.owner, sequence);
      if ("store" in write) forget(this.#lastOfStore, write.store, sequence);
    }
  }

  ofOwner(owner: string): number {
    return this.#lastOfOwner.get(owner) ?? 0;
  }

  /** A wipe touches every store. */
  ofStore(store: string): number {
    return Math.max(this.#lastOfStore.get(store) ?? 0, this.#lastWipe);
  }

  /** What it holds on to: nothing when all is settled. */
  get size(): number {
    return this.#lastOfOwner.size + this.#lastOfStore.size;
  }
}

function forget(last: Map<string, number>, name: string, sequence: number): void {
  if (last.get(name) === sequence) last.delete(name);
}
