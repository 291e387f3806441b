/**
 * Keeps what an account sends behind what it wrote before: each entry waits for the batch that it depends on, and
 * entries leave in the order in which they came. Batches are numbered by the account from 1 upwards and end in order.
 */
export class Outbox {
  readonly #entries: Entry[] = [];
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

  /** Something that waits for the batch `after`, which may be the one not issued yet. */
  add(after: number, run: () => void, failed: ((cause: unknown) => void) | undefined): void {
    this.#entries.push({ after, run, failed });
  }

  /** The batch is durable. */
  committed(batch: number): void {
    this.#ended = batch;
    for (const entry of this.#take(batch)) entry.run();
  }

  /** The batch was not written: what waited for it alone is told so. */
  failed(batch: number, cause: unknown): void {
    this.#ended = batch;
    for (const entry of this.#take(batch)) {
      if (entry.after === batch) entry.failed?.(cause);
      else entry.run();
    }
  }

  #take(batch: number): readonly Entry[] {
    const count = this.#entries.findIndex((entry) => entry.after > batch);
    return this.#entries.splice(0, count === -1 ? this.#entries.length : count);
  }
}

interface Entry {
  readonly after: number;
  readonly run: () => void;
  readonly failed: ((cause: unknown) => void) | undefined;
}
