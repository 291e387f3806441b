import type { Account } from "#kit/account.ts";
import { offlineCount } from "./slots.ts";

/**
 * How many messages an account has in the store, and when the newest came. What is stored of it is what the batch that wrote it saw; memory knows which
 * batches have failed since, and whoever reads all messages counts them.
 */
export class WaitingCount {
  readonly #account: Account;
  #rows: number | undefined;
  /** Changes so far, and those of them that are not durable yet. */
  #changes = 0;
  #pending = 0;
  #newest: number | undefined;

  constructor(account: Account) {
    this.#account = account;
  }

  get rows(): number {
    const stored = this.#account.value(offlineCount).get()?.rows;
    // Nothing was ever kept, or the account was wiped.
    if (stored === undefined) this.#rows = 0;
    return (this.#rows ??= stored ?? 0);
  }

  /**
   * When a row came, if it comes now: messages leave in the order in which they came also where the clock is set back, and the
   * server restarted then. Whoever adds the row says so to `change` next.
   */
  timeOfNext(now: number): number {
    // Ids count within a process: what an earlier one wrote was earlier.
    const newest = this.#newest ?? (this.#account.value(offlineCount).get()?.newest ?? -1) + 1;
    return (this.#newest = Math.max(now, newest));
  }

  /**
   * Joins the batch of the rows that it is about. It is taken back where that fails: the slot has then been read anew as a
   * later batch wrote it, which could not know.
   *
   * @param remains asked where the batch has failed: whether the rows are as if it had not
   */
  change(by: number, remains: () => boolean = () => false): void {
    this.#set(this.rows + by);
    this.#changes += 1;
    this.#pending += 1;
    this.#account.whenDurable(
      () => {
        this.#pending -= 1;
      },
      () => {
        this.#pending -= 1;
        if (!remains()) this.#rows = Math.max(0, this.rows - by);
      },
    );
  }

  /** Somebody begins to read all messages. Gives what to end it with: how many there were. */
  beginReading(): (rows: number) => void {
    const changes = this.#pending === 0 ? this.#changes : undefined;
    return (rows) => {
      // All have been seen, and nothing has changed meanwhile: that is how many they are.
      if (this.#changes !== changes) return;
      if (rows === (this.#account.value(offlineCount).get()?.rows ?? 0)) this.#rows = rows;
      else this.#set(rows);
    };
  }

  #set(rows: number): void {
    this.#rows = Math.max(0, rows);
    const value = this.#account.value(offlineCount);
    const newest = this.#rows === 0 ? undefined : (this.#newest ?? value.get()?.newest);
    value.set({ rows: this.#rows, ...(newest !== undefined && { newest }) });
  }
}
