import { CDATA_CLOSE, CDATA_OPEN } from "./source.ts";

const LT = 0x3c;
const GT = 0x3e;
const BANG = 0x21;
const CLOSE = 0x5d;
const QUESTION = 0x3f;
const APOSTROPHE = 0x27;
const QUOTE = 0x22;

/** Tokens shorter than this are worth reading again for every new piece: what they are is not yet clear. */
export const shortTokenLength = 9;

/**
 * Finds the end of a token that is cut by the end of the input, looking at each character once.
 *
 * The reader proper begins a token only when all of it is there. Were it to begin again with each piece, a tag that
 * never ends would cost the square of its length.
 */
export class TokenScan {
  #kind: "unknown" | "markup" | "text" | "tag" | "cdata" | "declaration" = "unknown";
  /** The quotation mark that is open in a tag, 0 for none. */
  #quote = 0;
  /** How much of `]]>` or `?>` the last characters were. */
  #closing = 0;

  /** Goes on with the next piece: where in it the token ends, -1 if it does not. */
  feed(piece: string, from = 0): number {
    let at = from;
    if (this.#kind === "unknown" && at < piece.length) {
      this.#kind = piece.charCodeAt(at) === LT ? "markup" : "text";
      if (this.#kind === "markup") at++;
    }
    if (this.#kind === "markup" && at < piece.length) {
      this.#kind = markupKind(piece.charCodeAt(at));
    }
    switch (this.#kind) {
      case "unknown":
      case "markup":
        return -1;
      case "text":
        return piece.indexOf("<", at);
      case "tag":
        return this.#tagEnd(piece, at);
      case "cdata":
        return this.#cdataEnd(piece, at);
      case "declaration":
        return this.#declarationEnd(piece, at);
    }
  }

  /** Of an XML declaration, which may be wrong in its quotation marks too. */
  #declarationEnd(piece: string, from: number): number {
    for (let at = from; at < piece.length; at++) {
      const code = piece.charCodeAt(at);
      if (code === GT && this.#closing > 0) return at + 1;
      this.#closing = code === QUESTION ? 1 : 0;
    }
    return -1;
  }

  #tagEnd(piece: string, from: number): number {
    let at = from;
    while (at < piece.length) {
      if (this.#quote !== 0) {
        const close = piece.indexOf(this.#quote === QUOTE ? '"' : "'", at);
        if (close < 0) return -1;
        this.#quote = 0;
        at = close + 1;
        continue;
      }
      const code = piece.charCodeAt(at++);
      if (code === GT) return at;
      if (code === APOSTROPHE || code === QUOTE) this.#quote = code;
    }
    return -1;
  }

  #cdataEnd(piece: string, from: number): number {
    for (let at = from; at < piece.length; at++) {
      const code = piece.charCodeAt(at);
      if (code === CLOSE) this.#closing = Math.min(this.#closing + 1, CDATA_CLOSE.length - 1);
      else if (code === GT && this.#closing === CDATA_CLOSE.length - 1) return at + 1;
      else this.#closing = 0;
    }
    return -1;
  }
}

function markupKind(second: number): "tag" | "cdata" | "declaration" {
  if (second === BANG) return "cdata";
  return second === QUESTION ? "declaration" : "tag";
}

/**
 * Where the token ends that begins at `from`, -1 if the text ends before it does. What cannot become a token of XMPP
 * (comment, processing instruction, DTD) ends with the last character that left it open, whatever follows.
 */
export function tokenEnd(text: string, from: number): number {
  if (text.startsWith("<?", from)) return from + 1;
  if (text.startsWith("<!", from) && !text.startsWith(CDATA_OPEN, from))
    return from + sameLength(text, from, CDATA_OPEN);
  return new TokenScan().feed(text, from);
}

/** How much of `word` stands at `from`. */
export function sameLength(text: string, from: number, word: string): number {
  let length = 0;
  while (length < word.length && text.charCodeAt(from + length) === word.charCodeAt(length)) length++;
  return length;
}
