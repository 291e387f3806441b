/**
 * Keeps what an account does behind what it wrote before: each entry waits for the batch that it comes after and all before
 * that, and entries leave in the order in which they came. Batches are numbered upwards; they may end in any order.
 */
export class Outbox {
  readonly #entries: OutboxEntry[] = [];
  /** Batches that are being committed, in their order; none for most accounts most of the time, which then pay nothing. */
  #open: number[] | undefined;
  /** Why batches failed that entries still wait behind. */
  #failures: Map<number, unknown> | undefined;
  #last = 0;

  /** The last batch that was begun. */
  get last(): number {
    return this.#last;
  }

  /** Whether a batch is being committed. */
  get committing(): boolean {
    return this.#open !== undefined;
  }

  /** True while nothing waits and nothing is being committed. */
  get idle(): boolean {
    return this.#open === undefined && this.#entries.length === 0;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** A batch is going to be committed. */
  open(batch: number): void {
    this.#open ??= [];
    this.#open.push(batch);
    this.#last = batch;
  }

  add(entry: OutboxEntry): void {
    this.#entries.push(entry);
  }

  /**
   * A batch has ended. What waited for nothing else leaves, in this order: of a batch that failed what it caused must be
   * told so, and what only came behind it leaves as ever.
   *
   * @param failure why it was not written
   */
  close(batch: number, failure?: { readonly cause: unknown }): readonly ReleasedEntry[] {
    const at = this.#open?.indexOf(batch) ?? -1;
    if (this.#open === undefined || at === -1) return [];
    this.#open.splice(at, 1);
    if (this.#open.length === 0) this.#open = undefined;
    if (failure !== undefined) this.#failures = (this.#failures ?? new Map()).set(batch, failure.cause);
    const oldest = this.#open?.[0] ?? Infinity;
    const count = this.#entries.findIndex((entry) => entry.after >= oldest || entry.after > this.#last);
    const released = this.#entries.splice(0, count === -1 ? this.#entries.length : count);
    const result = released.map((entry) => ({
      entry,
      failure:
        entry.caused && this.#failures?.has(entry.after) === true
          ? { cause: this.#failures.get(entry.after) }
          : undefined,
    }));
    if (this.#entries.length === 0) this.#failures = undefined;
    return result;
  }
}

export interface OutboxEntry {
  /** The batch that it waits for, which may be the one not begun yet. */
  readonly after: number;
  /** Whether it is a consequence of what that batch writes, rather than merely later. */
  readonly caused: boolean;
  readonly run: () => void;
  readonly failed: ((cause: unknown) => void) | undefined;
}

export interface ReleasedEntry {
  readonly entry: OutboxEntry;
  /** Why what caused it was not written; undefined when all is well. */
  readonly failure: { readonly cause: unknown } | undefined;
}
