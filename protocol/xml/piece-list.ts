import { detachString } from "#protocol/detach-string.ts";

/** So many pieces are joined into one, that many of those again: a byte is copied a few times however small it came. */
const piecesMax = 512;

/** Text that arrives in pieces and is wanted in one. Holds no chunk alive that a piece was cut from. */
export class PieceList {
  #blocks: string[] = [];
  #pieces: string[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(piece: string): void {
    if (piece === "") return;
    this.#pieces.push(piece.length > 1 ? detachString(piece) : piece);
    this.#length += piece.length;
    if (this.#pieces.length < piecesMax) return;
    this.#blocks.push(this.#pieces.join(""));
    this.#pieces = [];
    if (this.#blocks.length < piecesMax) return;
    this.#blocks = [this.#blocks.join("")];
  }

  /** All of it with `last` at the end. The list is empty afterwards. */
  take(last: string): string {
    if (this.#length === 0) return last;
    const whole = this.#blocks.join("") + this.#pieces.join("") + last;
    this.clear();
    return whole;
  }

  clear(): void {
    if (this.#length === 0) return;
    this.#blocks = [];
    this.#pieces = [];
    this.#length = 0;
  }
}
