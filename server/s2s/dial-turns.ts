import type { Env } from "#kit/env.ts";

/** How long the turn of one who has given up is taken, in milliseconds. */
const abandonedTurnMs = 1_000;

/** Who may not even wait for a turn. */
export class NoTurn extends Error {
  override readonly name = "NoTurn";
}

/**
 * Lets so many connect at the same time, and as many more wait for their turn: whoever writes to ten thousand domains
 * does not have us open ten thousand connections at once (A36).
 */
export class DialTurns {
  readonly #env: Pick<Env, "setTimer">;
  readonly #runningMax: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
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
    return this.#waiting.length;
  }

  /**
   * Runs the task when it is its turn.
   *
   * @throws NoTurn when too many wait, and whatever the task throws; the signal's reason when it is aborted while it waits
   */
  async run<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#runningMax) await this.#wait(signal);
    else this.#running += 1;
    try {
      return await task();
    } finally {
      // Where one gives up others do, who came at the same time: they are not to begin first.
      if (signal.aborted) this.#env.setTimer(abandonedTurnMs, this.#handOn);
      else this.#handOn();
    }
  }

  readonly #handOn = (): void => {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  };

  #wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#waiting.length >= this.#waitingMax) throw new NoTurn("too many wait to connect");
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const begin = (): void => {
      signal.removeEventListener("abort", leave);
      resolve();
    };
    const leave = (): void => {
      const at = this.#waiting.indexOf(begin);
      if (at === -1) return;
      this.#waiting.splice(at, 1);
      reject(signal.reason instanceof Error ? signal.reason : new NoTurn("nobody waits any more"));
    };
    signal.addEventListener("abort", leave, { once: true });
    this.#waiting.push(begin);
    return promise;
  }
}
