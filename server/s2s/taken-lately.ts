/** How long it is remembered at least, in milliseconds. */
const rememberedMs = 60_000;

/**
 * How many stanzas the system has taken lately, in the last minute and up to twice as long: as many as may be lost when the
 * connection breaks and its peer has never told what has arrived.
 */
export class TakenLately {
  #since = 0;
  #count = 0;
  #before = 0;

  add(now: number): void {
    this.#turn(now);
    this.#count += 1;
  }

  count(now: number): number {
    this.#turn(now);
    return this.#count + this.#before;
  }

  #turn(now: number): void {
    const turns = Math.floor((now - this.#since) / rememberedMs);
    if (turns <= 0) return;
    this.#before = turns === 1 ? this.#count : 0;
    this.#count = 0;
    this.#since += turns * rememberedMs;
  }
}
