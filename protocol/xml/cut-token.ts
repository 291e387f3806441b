import { PieceList } from "./piece-list.ts";
import { TokenScan, shortTokenLength } from "./token-scan.ts";

/** A token that the end of the input has cut, until the rest of it comes. */
export class CutToken {
  readonly #pieces = new PieceList();
  readonly #scan = new TokenScan();

  constructor(beginning: string) {
    this.#pieces.push(beginning);
    this.#scan.feed(beginning);
  }

  get length(): number {
    return this.#pieces.length;
  }

  /** Worth reading again with every piece: what it is is not yet clear. */
  get short(): boolean {
    return this.#pieces.length < shortTokenLength;
  }

  /** Whether the token ends in this piece, which is looked at once. */
  endsIn(piece: string): boolean {
    return this.#scan.feed(piece) >= 0;
  }

  push(piece: string): void {
    this.#pieces.push(piece);
  }

  /** All of it with `last` at the end. */
  whole(last: string): string {
    return this.#pieces.take(last);
  }
}
