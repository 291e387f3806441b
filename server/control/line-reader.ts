/** Cuts what a socket brings into lines, and gives up on one that does not end. */
export class LineReader {
  readonly #bytesMax: number;
  #pieces: Buffer[] = [];
  #held = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The lines that this chunk completes, without their ends; undefined when one is longer than allowed. */
  add(chunk: Buffer): readonly string[] | undefined {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      if (this.#held + end - start > this.#bytesMax) return undefined;
      lines.push(Buffer.concat([...this.#pieces, chunk.subarray(start, end)]).toString("utf8"));
      this.#pieces = [];
      this.#held = 0;
      start = end + 1;
    }
    const rest = chunk.subarray(start);
    if (rest.length > 0) this.#pieces.push(rest);
    this.#held += rest.length;
    return this.#held > this.#bytesMax ? undefined : lines;
  }
}

const lineFeed = 0x0a;
