import { randomToken, type Env } from "#kit/env.ts";

/** Entropy drawn at once, in bytes: asking for it anew for each message would cost more than the rest of its id. */
const drawnBytes = 1_024;
const randomBytesPerId = 10;
const charactersPerId = 16;

/**
 * Names for rows of archives: in the order of time, so that they sort as they came, and with 80 random bits, so that none can be
 * guessed. [xep0313-3-01] [xep0313-6.2-01] [xep0359-2.1-02] [xep0359-3-01]
 */
export class ArchiveIds {
  readonly #env: Pick<Env, "now" | "entropy">;
  #lastAt = 0;
  #count = 0;
  #random = "";

  constructor(env: Pick<Env, "now" | "entropy">) {
    this.#env = env;
  }

  /** The next id, and the time that goes with it, which does not run backwards when the clock does. [xep0313-3.1-01] */
  next(): { readonly id: string; readonly at: number } {
    const now = this.#env.now();
    if (now > this.#lastAt) {
      this.#lastAt = now;
      this.#count = 0;
    } else this.#count += 1;
    if (this.#random.length < charactersPerId)
      this.#random = randomToken(this.#env, drawnBytes - (drawnBytes % randomBytesPerId));
    const random = this.#random.slice(-charactersPerId);
    this.#random = this.#random.slice(0, -charactersPerId);
    const at = this.#lastAt;
    return { id: `${digits(at, 9)}${digits(this.#count, 5)}${random}`, at };
  }
}

function digits(value: number, length: number): string {
  return value.toString(36).padStart(length, "0");
}
