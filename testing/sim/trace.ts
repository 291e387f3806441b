import { createHash } from "node:crypto";

/** Everything that happens, as lines; of a long life only the hash is kept, unless somebody wants to read it. */
export class Trace {
  readonly #hash = createHash("sha1");
  readonly lines: string[] = [];
  readonly #kept: boolean;

  constructor(kept: boolean) {
    this.#kept = kept;
  }

  readonly note = (at: number, what: string): void => {
    const line = `${at} ${what}\n`;
    this.#hash.update(line, "latin1");
    if (this.#kept) this.lines.push(line);
  };

  /** Of all that was noted so far; nothing can be noted after it. */
  digest(): string {
    return this.#hash.digest("hex");
  }
}
