import type { Env, Timer } from "#kit/env.ts";

/**
 * A signal that is aborted after a time, or when another one is that lives longer. Disposed of, it leaves nothing behind
 * on that one: listeners there, and what AbortSignal.any makes with listeners, would outlive every connection.
 */
export class TimeLimit implements Disposable {
  readonly #controller = new AbortController();
  readonly #stopped: AbortSignal;
  readonly #timer: Timer;
  #isLate = false;

  constructor(env: Pick<Env, "setTimer">, msMax: number, stopped: AbortSignal) {
    this.#stopped = stopped;
    this.#timer = env.setTimer(msMax, () => {
      this.#isLate = true;
      this.#controller.abort();
    });
    if (stopped.aborted) this.#controller.abort();
    else stopped.addEventListener("abort", this.#stop);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether it is aborted because the time is over. */
  get isLate(): boolean {
    return this.#isLate;
  }

  [Symbol.dispose](): void {
    this.#timer.cancel();
    this.#stopped.removeEventListener("abort", this.#stop);
  }

  readonly #stop = (): void => this.#controller.abort();
}

/** What comes of a promise, or "aborted" when the signal is before that. */
export async function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T | "aborted"> {
  const { promise: aborted, resolve } = Promise.withResolvers<"aborted">();
  const stop = (): void => resolve("aborted");
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
