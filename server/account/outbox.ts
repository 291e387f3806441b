/**
 * Keeps what an account sends behind what it wrote before: each entry waits for the batch that it comes after, and
 * entries leave in the order in which they came. Batches are numbered by the account from 1 upwards and end in order.
 */
export class Outbox {
  readonly #entries: OutboxEntry[] = [];
  #issued = 0;
  #ended = 0;

  /** Number of the last batch that was handed to the store. */
  get issued(): number {
    return this.#issued;
  }

  /** True while nothing waits and nothing is being committed. */
  get idle(): boolean {
    return this.#ended === this.#issued && this.#entries.length === 0;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** A batch goes to the store. */
  issue(): number {
    this.#issued += 1;
    return this.#issued;
  }

  add(entry: OutboxEntry): void {
    this.#entries.push(entry);
  }

  /** The batch is durable: what waited for it may leave, in this order. */
  committed(batch: number): readonly OutboxEntry[] {
    this.#ended = batch;
    const count = this.#entries.findIndex((entry) => entry.after > batch);
    return this.#entries.splice(0, count === -1 ? this.#entries.length : count);
  }

  /** The batch was not written. What it caused must be told so; what only came behind it leaves as ever. */
  failed(batch: number): readonly { readonly entry: OutboxEntry; readonly failed: boolean }[] {
    return this.committed(batch).map((entry) => ({ entry, failed: entry.after === batch && entry.caused }));
  }
}

export interface OutboxEntry {
  /** The batch that it waits for, which may be the one not issued yet. */
  readonly after: number;
  /** Whether it is a consequence of what that batch writes, rather than merely later. */
  readonly caused: boolean;
  readonly run: () => void;
  readonly failed: ((cause: unknown) => void) | undefined;
}
