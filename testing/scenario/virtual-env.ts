import { createHash, pbkdf2Sync } from "node:crypto";
import type { Env } from "#kit/env.ts";

interface Pending {
  at: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that moves only when told, randomness from a seed, and key derivation on the spot. */
export class VirtualEnv implements Env {
  #now = Date.UTC(2026, 0, 1);
  #order = 0;
  #deferred: (() => void)[] = [];
  readonly #timers = new Set<Pending>();
  readonly #seed: string;
  #drawn = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  readonly now = (): number => this.#now;

  /** Timers that are set. */
  get timersPending(): number {
    return this.#timers.size;
  }

  readonly defer = (run: () => void): void => {
    this.#deferred.push(run);
  };

  readonly setTimer: Env["setTimer"] = (delayMs, run) => {
    this.#order += 1;
    const pending = { at: this.#now + Math.max(0, delayMs), order: this.#order, run };
    this.#timers.add(pending);
    return { cancel: () => void this.#timers.delete(pending) };
  };

  readonly entropy = (bytes: number): Uint8Array => {
    const drawn = new Uint8Array(bytes);
    for (let filled = 0; filled < bytes;) {
      this.#drawn += 1;
      const block = createHash("sha256").update(`${this.#seed} ${this.#drawn}`).digest();
      drawn.set(block.subarray(0, Math.min(block.length, bytes - filled)), filled);
      filled += block.length;
    }
    return drawn;
  };

  readonly deriveKey: Env["deriveKey"] = ({ hash, password, salt, iterations, length }) =>
    Promise.resolve(
      new Uint8Array(pbkdf2Sync(password, salt, iterations, length, hash.toLowerCase().replace("-", ""))),
    );

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Somebody sets the clock, to the past where `byMs` is negative; timers do not mind. */
  setClock(byMs: number): void {
    this.#now += byMs;
    for (const timer of this.#timers) timer.at += byMs;
  }

  /** Does everything that is due now, promises included, until nothing is left. */
  async settle(): Promise<void> {
    for (;;) {
      // Every promise that can go on does so before an immediate runs.
      await new Promise<void>((resolve) => void setImmediate(resolve));
      const due = this.#deferred;
      if (due.length === 0) return;
      this.#deferred = [];
      for (const run of due) run();
    }
  }

  /** Lets time pass, timer by timer. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await this.settle();
    }
    this.#now = end;
  }

  #next(end: number): Pending | undefined {
    let earliest: Pending | undefined;
    for (const timer of this.#timers)
      if (
        timer.at <= end &&
        (earliest === undefined || timer.at < earliest.at || (timer.at === earliest.at && timer.order < earliest.order))
      )
        earliest = timer;
    return earliest;
  }
}
