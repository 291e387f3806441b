import type { Env } from "#kit/env.ts";

/** Something with waiting work, such as an account with a mailbox. */
export interface Runnable {
  /** Does what waits, as far as it can at present. */
  readonly run: () => void;
}

/**
 * Lets owners work one after the other, never inside one another: what an owner hands over is done after the owner has
 * finished. One deferred callback serves all that became due in a turn of the loop.
 */
export class RunQueue {
  #due: Runnable[] = [];
  #draining = false;
  #scheduled = false;
  readonly #env: Pick<Env, "defer">;

  constructor(env: Pick<Env, "defer">) {
    this.#env = env;
  }

  /** True while owners work: what comes now must wait its turn. */
  get working(): boolean {
    return this.#draining;
  }

  /** Runs `runnable` soon. The caller sees to it that it is not in the queue twice. */
  add(runnable: Runnable): void {
    this.#due.push(runnable);
    if (this.#scheduled || this.#draining) return;
    this.#scheduled = true;
    this.#env.defer(this.#drain);
  }

  readonly #drain = (): void => {
    this.#scheduled = false;
    this.#draining = true;
    try {
      while (this.#due.length > 0) {
        const due = this.#due;
        this.#due = [];
        for (const runnable of due) runnable.run();
      }
    } finally {
      this.#draining = false;
    }
  };
}
