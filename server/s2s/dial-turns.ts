import type { Env } from "#kit/env.ts";

/** How long the turn of one who has given up is taken, in milliseconds. */
const abandonedTurnMs = 1_000;

/** Who may not even wait for a turn. */
export class NoTurn extends Error {
  override readonly name = "NoTurn";
}

/**
 * Lets so many connect at the same time, and as many more wait for their turn: whoever writes to ten thousand domains
 * does not have us open ten thousand connections at once (A36). Nor does he keep others from connecting: half of the
 * turns are all that one of them gets, and half of the places where one waits; and they wait by turns, not in one row.
 */
export class DialTurns {
  readonly #env: Pick<Env, "setTimer">;
  readonly #runningMax: number;
  readonly #waitingMax: number;
  /** Whose turn it is next comes first. */
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly #runningOf = new Map<string, number>();
  #waitingTotal = 0;
  #running = 0;

  constructor(env: Pick<Env, "setTimer">, limits: { readonly runningMax: number; readonly waitingMax: number }) {
    this.#env = env;
    this.#runningMax = limits.runningMax;
    this.#waitingMax = limits.waitingMax;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waitingTotal;
  }

  /**
   * Runs the task when it is its turn.
   *
   * @param by who has us connect, in whatever words
   * @throws NoTurn when too many wait, and whatever the task throws; the signal's reason when it is aborted while it waits
   */
  async run<T>(by: string, signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    if (this.#running < this.#runningMax && this.#mayRun(by)) this.#begin(by);
    else await this.#wait(by, signal);
    try {
      return await task();
    } finally {
      // Where one gives up others do, who came at the same time: they are not to begin first.
      if (signal.aborted) this.#env.setTimer(abandonedTurnMs, () => this.#end(by));
      else this.#end(by);
    }
  }

  #mayRun(by: string): boolean {
    return (this.#runningOf.get(by) ?? 0) < Math.ceil(this.#runningMax / 2);
  }

  #begin(by: string): void {
    this.#running += 1;
    this.#runningOf.set(by, (this.#runningOf.get(by) ?? 0) + 1);
  }

  #end(by: string): void {
    this.#running -= 1;
    const left = (this.#runningOf.get(by) ?? 1) - 1;
    if (left === 0) this.#runningOf.delete(by);
    else this.#runningOf.set(by, left);
    this.#next();
  }

  #next(): void {
    for (const [by, row] of this.#waiting) {
      if (!this.#mayRun(by)) continue;
      const [begin] = row;
      if (begin === undefined) continue;
      this.#leaveRow(by, begin);
      // Behind those who wait, too.
      if (row.length > 0) {
        this.#waiting.delete(by);
        this.#waiting.set(by, row);
      }
      this.#begin(by);
      begin();
      return;
    }
  }

  #wait(by: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const row = this.#waiting.get(by) ?? [];
    if (this.#waitingTotal >= this.#waitingMax || row.length >= Math.ceil(this.#waitingMax / 2))
      throw new NoTurn("too many wait to connect");
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const begin = (): void => {
      signal.removeEventListener("abort", leave);
      resolve();
    };
    const leave = (): void => {
      if (this.#leaveRow(by, begin))
        reject(signal.reason instanceof Error ? signal.reason : new NoTurn("nobody waits any more"));
    };
    signal.addEventListener("abort", leave, { once: true });
    row.push(begin);
    this.#waiting.set(by, row);
    this.#waitingTotal += 1;
    return promise;
  }

  #leaveRow(by: string, begin: () => void): boolean {
    const row = this.#waiting.get(by);
    const at = row?.indexOf(begin) ?? -1;
    if (row === undefined || at === -1) return false;
    row.splice(at, 1);
    if (row.length === 0) this.#waiting.delete(by);
    this.#waitingTotal -= 1;
    return true;
  }
}
