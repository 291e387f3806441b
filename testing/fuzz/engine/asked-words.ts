/** The name by which instrumented programs reach it. */
export const askedWordsName = "__balconyFuzzWords";

const wordLengthMin = 2;
const wordLengthMax = 64;
const wordsMax = 200;

/**
 * What a program compares its input with and looks for in it. A comparison that fails says what would have made it true,
 * which no chance would guess.
 */
export class AskedWords {
  readonly #lists: (readonly string[])[] = [];
  #words: Set<string> | undefined;

  /** Takes the words of a switch; the number by which the program will name them. */
  list(words: readonly string[]): number {
    return this.#lists.push(words) - 1;
  }

  /** What was asked while something ran. */
  during(run: () => void): readonly string[] {
    const words = new Set<string>();
    this.#words = words;
    try {
      run();
    } finally {
      this.#words = undefined;
    }
    return [...words];
  }

  /** `===` */
  readonly same = (a: unknown, b: unknown): boolean => {
    if (a === b) return true;
    if (this.#words !== undefined && isTextOrNothing(a) && isTextOrNothing(b)) {
      if (a !== undefined) this.#note(a);
      if (b !== undefined) this.#note(b);
    }
    return false;
  };

  /** A text that is handed to a function, such as the name of an attribute that is looked up. */
  readonly word = (word: string): string => {
    if (this.#words !== undefined) this.#note(word);
    return word;
  };

  /** What a switch is about, as it is. */
  readonly among = (value: unknown, list: number): unknown => {
    if (this.#words !== undefined) for (const word of this.#lists[list] ?? []) this.#note(word);
    return value;
  };

  #note(word: string): void {
    const words = this.#words;
    if (words === undefined || words.size >= wordsMax) return;
    if (word.length >= wordLengthMin && word.length <= wordLengthMax) words.add(word);
  }
}

/** What is looked up and not found is compared all the same. */
function isTextOrNothing(value: unknown): value is string | undefined {
  return typeof value === "string" || value === undefined;
}
