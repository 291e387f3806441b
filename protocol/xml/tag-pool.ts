import { detachString } from "#protocol/detach-string.ts";

/** The beginning of a start tag that declares a default namespace and nothing before it: `<ping xmlns='urn:xmpp:ping'`. */
export interface TagHead {
  readonly written: string;
  readonly name: string;
  readonly ns: string;
}

/** What a reader may ask for strings that it has met before. */
export interface TagSource {
  /** The string that stands in the text from `start` to `end`. */
  readonly take: (text: string, start: number, end: number) => string;
  /** What stands there, if it is a head that was added before. `undefined` says nothing. */
  readonly findHead: (text: string, start: number, end: number) => TagHead | undefined;
  readonly addHead: (text: string, start: number, end: number, name: string, ns: string) => void;
}

/** Keeps nothing: for reading a single element. */
export const unpooled: TagSource = {
  take: (text, start, end) => text.slice(start, end),
  findHead: () => undefined,
  addHead: () => undefined,
};

/** Longer ones are not worth it. */
const pooledLengthMax = 128;
/** So long V8 copies a slice, and copying is cheaper than looking it up. */
const copiedLengthMax = 12;

/**
 * Keeps what comes again and again in the streams of a process: namespaces, and the heads of tags that declare them.
 *
 * A head that is found needs not be looked at character by character, which saves a third of the reading; and its name
 * and namespace are the same strings each time, with their hashes known, and hold no chunk of input alive.
 *
 * The tables are of fixed size: a new entry takes the place of the one before it, so a hostile peer can only make them
 * useless. Whoever adds has checked every character. Only ASCII is kept, which is the same in byte strings and in
 * UTF-16: streams of both kinds may share a pool, and neither gets past the other's checks.
 */
export class TagPool implements TagSource {
  readonly #strings: (string | undefined)[];
  readonly #heads: (TagHead | undefined)[];
  readonly #mask: number;

  /** @param slotsPowerOfTwo how many of either it keeps, as a power of two */
  constructor(slotsPowerOfTwo: number) {
    const slots = 1 << slotsPowerOfTwo;
    this.#strings = Array.from({ length: slots }, () => undefined);
    this.#heads = Array.from({ length: slots }, () => undefined);
    this.#mask = slots - 1;
  }

  take(text: string, start: number, end: number): string {
    if (end - start <= copiedLengthMax) return text.slice(start, end);
    const slot = this.#slot(text, start, end);
    const found = this.#strings[slot];
    if (found !== undefined && found.length === end - start && text.slice(start, end) === found) return found;
    const fresh = detachString(text.slice(start, end));
    if (isPooled(fresh)) this.#strings[slot] = fresh;
    return fresh;
  }

  findHead(text: string, start: number, end: number): TagHead | undefined {
    const found = this.#heads[this.#slot(text, start, end)];
    if (found === undefined || found.written.length !== end - start) return undefined;
    // Comparing a slice is comparing memory; startsWith goes character by character, and takes five times as long.
    return text.slice(start, end) === found.written ? found : undefined;
  }

  addHead(text: string, start: number, end: number, name: string, ns: string): void {
    const written = detachString(text.slice(start, end));
    if (isPooled(written)) this.#heads[this.#slot(text, start, end)] = { written, name, ns };
  }

  /** By the length and a few characters of the end, where namespaces differ most. The text has at least five. */
  #slot(text: string, start: number, end: number): number {
    const hash =
      (end - start) * 71 +
      text.charCodeAt(start + 1) * 31 +
      text.charCodeAt(end - 2) * 131 +
      text.charCodeAt(end - 5) * 523;
    return (hash ^ (hash >> 8)) & this.#mask;
  }
}

function isPooled(text: string): boolean {
  if (text.length > pooledLengthMax) return false;
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}
