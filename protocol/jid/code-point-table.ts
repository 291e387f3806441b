/**
 * A property of all Unicode code points, kept as sorted runs (a few thousand) and found by bisection.
 * The runs come from tools/generate-unicode.ts: length in base 36 (absent for one), then the capital letter of the class.
 */
export class CodePointTable {
  readonly #starts: Uint32Array;
  readonly #classes: string;

  constructor(runs: string) {
    const starts: number[] = [];
    let classes = "";
    let start = 0;
    for (const [, length = "", letter = ""] of runs.matchAll(/([0-9a-z]*)([A-Z])/g)) {
      starts.push(start);
      classes += letter;
      start += length === "" ? 1 : Number.parseInt(length, 36);
    }
    this.#starts = Uint32Array.from(starts);
    this.#classes = classes;
  }

  /** The letter of the class of a code point 0 … 0x10FFFF, lone surrogates included. */
  classOf(codePoint: number): string {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= codePoint) low = middle;
      else high = middle - 1;
    }
    return this.#classes[low]!;
  }
}
