/** Numbers that look random and are the same for the same seed, so that a run can be had again. xorshift128 */
export class Random {
  #a: number;
  #b = 0x9e3779b9;
  #c = 0x243f6a88;
  #d = 0xb7e15162;

  constructor(seed: number) {
    this.#a = (seed ^ 0x6a09e667) | 0;
    for (let round = 0; round < 16; round++) this.#next();
  }

  #next(): number {
    const mixed = this.#d ^ (this.#d << 11);
    this.#d = this.#c;
    this.#c = this.#b;
    this.#b = this.#a;
    this.#a = this.#a ^ (this.#a >>> 19) ^ mixed ^ (mixed >>> 8);
    return this.#a >>> 0;
  }

  /** A whole number from 0 to `end - 1`; 0 when there is none. */
  below(end: number): number {
    return end > 1 ? this.#next() % end : 0;
  }

  /** True once in so many times. */
  oneIn(times: number): boolean {
    return this.#next() % times === 0;
  }

  /** A length that is mostly short. */
  length(max: number): number {
    const bound = this.oneIn(8) ? max : this.oneIn(3) ? Math.min(max, 64) : Math.min(max, 8);
    return 1 + this.below(bound);
  }

  pick<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)];
  }
}
