import type { Env, Timer } from "#kit/env.ts";

/** When it is looked for the first time whether all is quiet: what a start leaves behind is the most. */
const firstLookMs = 5_000;
const lookMs = 60_000;
/** Of one processor's time: more, and somebody is being served. */
const quietShareMax = 0.02;
/** How much more than after the last time must be there to make it worth while. */
const growthMin = 1.25;
/** Beyond it a collection is felt by whoever comes just then, and V8's own do well. */
const heapBytesMax = 128 * 1024 * 1024;

/** What a thread of JavaScript has used so far, and has at present. */
export interface ThreadFigures {
  readonly cpuMs: number;
  /** Taken from the system for objects, whether they are in use or not. */
  readonly heapBytes: number;
}

/**
 * Has a thread give back what it holds and does not need, whenever it has been quiet for a while and has come to hold more.
 *
 * V8 collects when memory is asked of it. A server that nobody asks anything therefore keeps, for days, what was garbage
 * when the last one left, and the space that a busy hour needed.
 */
export class AtRest implements Disposable {
  readonly #env: Pick<Env, "setTimer">;
  readonly #figures: () => ThreadFigures;
  readonly #release: () => void;
  #timer: Timer;
  #cpuMs: number;
  #bytesAfter = 0;

  /** @param release gives back what it can, and takes its time for it */
  constructor(env: Pick<Env, "setTimer">, figures: () => ThreadFigures, release: () => void) {
    this.#env = env;
    this.#figures = figures;
    this.#release = release;
    this.#cpuMs = figures().cpuMs;
    this.#timer = env.setTimer(firstLookMs, () => this.#look(firstLookMs));
  }

  [Symbol.dispose](): void {
    this.#timer.cancel();
  }

  #look(sinceMs: number): void {
    const { cpuMs, heapBytes } = this.#figures();
    const isQuiet = cpuMs - this.#cpuMs <= sinceMs * quietShareMax;
    if (isQuiet && heapBytes > this.#bytesAfter * growthMin && heapBytes <= heapBytesMax) {
      this.#release();
      this.#bytesAfter = this.#figures().heapBytes;
    }
    this.#cpuMs = this.#figures().cpuMs;
    const nextMs = this.#bytesAfter === 0 ? firstLookMs : lookMs;
    this.#timer = this.#env.setTimer(nextMs, () => this.#look(nextMs));
  }
}
