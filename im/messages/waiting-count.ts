import type { Account } from "#kit/account.ts";
import { offlineCount } from "./slots.ts";

/**
 * How many messages an account has in the store that are to be there, and when the newest came. What memory says is right whatever
 * becomes of a batch; what is stored of it is what the batch that wrote it saw, and whoever reads all messages counts them.
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

  /** Joins the batch of the rows that it is about, also where it says nothing new: what is stored may not be what memory knows. */
  change(by: number): void {
    this.#set(this.rows + by);
    this.#changes += 1;
    this.#pending += 1;
    const ended = (): void => {
      this.#pending -= 1;
    };
    this.#account.whenDurable(ended, ended);
  }

  /** So many rows that were counted were not written. What is stored follows with the next change. */
  takeBack(rows: number): void {
    this.#rows = Math.max(0, this.rows - rows);
    this.#changes += 1;
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
