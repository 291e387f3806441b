import { detachString } from "#protocol/detach-string.ts";

/** Makes the string that stands in a text from `start` to `end`. */
export interface StringSource {
  readonly take: (text: string, start: number, end: number) => string;
}

/** Keeps nothing: for reading a single element. */
export const unpooled: StringSource = { take: (text, start, end) => text.slice(start, end) };

/** Longer ones are not worth it. */
const pooledLengthMax = 96;

/**
 * Keeps names and namespaces that come again and again, so that they are the same string each time: comparing them is
 * comparing pointers, looking them up needs no new hash, and they hold no chunk of input alive.
 *
 * A table of fixed size: a new string takes the place of the one before it, so a hostile peer can only make it useless.
 */
export class StringPool implements StringSource {
  readonly #slots: string[];
  readonly #mask: number;

  /** @param slotsPowerOfTwo how many strings it keeps, as a power of two */
  constructor(slotsPowerOfTwo: number = 8) {
    this.#slots = Array.from({ length: 1 << slotsPowerOfTwo }, () => "");
    this.#mask = (1 << slotsPowerOfTwo) - 1;
  }

  take(text: string, start: number, end: number): string {
    const length = end - start;
    if (length === 0) return "";
    if (length > pooledLengthMax) return detachString(text.slice(start, end));
    const middle = (start + end) >> 1;
    const hash =
      length * 7 +
      text.charCodeAt(start) * 31 +
      text.charCodeAt(middle) * 131 +
      text.charCodeAt((middle + end) >> 1) * 1031 +
      text.charCodeAt(end - 1) * 521;
    const slot = (hash ^ (hash >> 7)) & this.#mask;
    const found = this.#slots[slot];
    if (found !== undefined && found.length === length && text.startsWith(found, start)) return found;
    const fresh = detachString(text.slice(start, end));
    this.#slots[slot] = fresh;
    return fresh;
  }
}
