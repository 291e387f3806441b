import { createHash } from "node:crypto";

const hashedTogetherMin = 16_384;

/** Everything that happens, as lines; of a long life only the hash is kept, unless somebody wants to read it. */
export class Trace {
  readonly #hash = createHash("sha1");
  readonly lines: string[] = [];
  readonly #kept: boolean;
  /** Lines that are hashed together: one by one costs more than making them. */
  #unhashed = "";

  constructor(kept: boolean) {
    this.#kept = kept;
  }

  readonly note = (at: number, what: string): void => {
    const line = `${at} ${what}\n`;
    this.#unhashed += line;
    if (this.#unhashed.length >= hashedTogetherMin) this.#hashLines();
    if (this.#kept) this.lines.push(line);
  };

  /** Of all that was noted so far; nothing can be noted after it. */
  digest(): string {
    this.#hashLines();
    return this.#hash.digest("hex");
  }

  #hashLines(): void {
    this.#hash.update(this.#unhashed, "latin1");
    this.#unhashed = "";
  }
}
