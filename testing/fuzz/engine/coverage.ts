/** Blocks that all modules of a target may have together. */
const countersMax = 1 << 16;

/** How often a block was entered counts in steps; a number of times within the same step is nothing new. */
const stepBits = Uint8Array.from({ length: 256 }, (_, times) => {
  if (times === 0) return 0;
  if (times < 4) return 1 << (times - 1);
  if (times < 8) return 1 << 3;
  if (times < 16) return 1 << 4;
  if (times < 32) return 1 << 5;
  return times < 128 ? 1 << 6 : 1 << 7;
});

/** A block together with how often it was entered: block × 256 + the bit of the step. */
export type Feature = number;

/** The block of a feature. */
export function blockOf(feature: Feature): number {
  return feature >> 8;
}

/** What has been seen of the blocks of instrumented modules. */
export class Coverage {
  /** What the modules count in. A count beyond 255 begins anew, which costs a little attention and no time. */
  readonly counters = new Uint8Array(countersMax);
  readonly #words = new Uint32Array(this.counters.buffer);
  readonly #seen = new Uint8Array(countersMax);
  /** How many inputs entered each block. */
  readonly #inputs = new Uint32Array(countersMax);
  #blocks = 0;
  #entered = 0;

  /** Makes room for the counters of a module; the number of the first of them. */
  add(count: number): void {
    this.#blocks += count;
    if (this.#blocks > countersMax) throw new Error(`more than ${countersMax} blocks to count: raise countersMax`);
  }

  /** Blocks of all modules that were loaded. */
  get blocks(): number {
    return this.#blocks;
  }

  /** Blocks that were entered at least once. */
  get entered(): number {
    return this.#entered;
  }

  /** Throws away what was counted, such as by loading a module. */
  clear(): void {
    this.counters.fill(0);
  }

  /** Notes what was counted and clears it; the features that nothing had before. */
  takeNew(): readonly Feature[] {
    const { counters } = this;
    const words = this.#words;
    const seen = this.#seen;
    const inputs = this.#inputs;
    const end = (this.#blocks + 3) >> 2;
    let fresh: Feature[] | undefined;
    for (let word = 0; word < end; word++) {
      if (words[word] === 0) continue;
      for (let block = word << 2; block < (word << 2) + 4; block++) {
        const times = counters[block] ?? 0;
        if (times === 0) continue;
        inputs[block] = (inputs[block] ?? 0) + 1;
        const bit = stepBits[times] ?? 0;
        const known = seen[block] ?? 0;
        if ((known & bit) === bit) continue;
        if (known === 0) this.#entered++;
        seen[block] = known | bit;
        (fresh ??= []).push((block << 8) | bit);
      }
      words[word] = 0;
    }
    return fresh ?? nothing;
  }

  /** The blocks that the fewest inputs entered, of those that any did. */
  rarest(count: number): readonly number[] {
    const entered: number[] = [];
    for (let block = 0; block < this.#blocks; block++) if (this.#seen[block] !== 0) entered.push(block);
    return entered.toSorted((a, b) => (this.#inputs[a] ?? 0) - (this.#inputs[b] ?? 0)).slice(0, count);
  }

  /** Whether all of these were counted; clears what was. */
  takeWhether(features: readonly Feature[]): boolean {
    const all = features.every((feature) => stepBits[this.counters[blockOf(feature)] ?? 0] === (feature & 0xff));
    this.#words.fill(0, 0, (this.#blocks + 3) >> 2);
    return all;
  }

  /** Forgets what was seen, but not which blocks there are. */
  forget(): void {
    this.clear();
    this.#seen.fill(0);
    this.#inputs.fill(0);
    this.#entered = 0;
  }
}

const nothing: readonly Feature[] = Object.freeze([]);
