import { randomToken, type Env } from "#kit/env.ts";
import type { ArchivePlace } from "#kit/stanza.ts";

/** Entropy drawn at once, in bytes: asking for it anew for each message would cost more than the rest of its id. */
const drawnBytes = 1_024;
const randomBytesPerId = 10;
const charactersPerId = 16;
const timeDigits = 9;
const countDigits = 5;

/**
 * Names for rows of archives: in the order of time, so that they sort as they came, and with 80 random bits, so that none can be
 * guessed. [xep0313-3-01] [xep0313-6.2-01] [xep0359-2.1-02] [xep0359-3-01]
 */
export class ArchiveIds {
  readonly #env: Pick<Env, "now" | "entropy">;
  #random = "";

  constructor(env: Pick<Env, "now" | "entropy">) {
    this.#env = env;
  }

  /**
   * The id of the next row, and the time that goes with it, which does not run backwards when the clock does. [xep0313-3.1-01]
   *
   * @param last the archive's newest row
   */
  after(last: ArchivePlace | undefined): ArchivePlace {
    const now = this.#env.now();
    // [xep0313-3.2-03]
    const at = Math.max(now, last?.at ?? 0);
    // [xep0359-6-02]
    const count = last === undefined || at > last.at ? 0 : countIn(last.id) + 1;
    if (this.#random.length < charactersPerId)
      this.#random = randomToken(this.#env, drawnBytes - (drawnBytes % randomBytesPerId));
    const random = this.#random.slice(-charactersPerId);
    this.#random = this.#random.slice(0, -charactersPerId);
    return { id: `${digits(at, timeDigits)}${digits(count, countDigits)}${random}`, at };
  }
}

function digits(value: number, length: number): string {
  return value.toString(36).padStart(length, "0");
}

/** Which of its millisecond's rows it names. */
function countIn(id: string): number {
  const count = Number.parseInt(id.slice(timeDigits, timeDigits + countDigits), 36);
  return Number.isNaN(count) ? 0 : count;
}
