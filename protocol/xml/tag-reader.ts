import { detachString } from "#protocol/detach-string.ts";
import { type CharacterTables, NAME_START, isXmlSpace } from "./characters.ts";
import { DECLARES, INNER_CANONICAL, PLAIN_TEXT, TAG_CANONICAL } from "./element-parts.ts";
import { XmlError } from "./fault.ts";
import { exceeded, unboundedXmlLimits } from "./limits.ts";
import { charactersEnd, isCharacterReference, qualifiedNameEnd, referenceEnd } from "./markup-parts.ts";
import { type DecodeUtf8, decodeAttributeValue } from "./source.ts";
import type { TagHead, TagSource } from "./tag-pool.ts";

const AMPERSAND = 0x26;
const APOSTROPHE = 0x27;
const COLON = 0x3a;
const EQUALS = 0x3d;
const GT = 0x3e;
const LT = 0x3c;
const QUOTE = 0x22;
const SLASH = 0x2f;
const SPACE = 0x20;
const SMALL_X = 0x78;

/** How a default namespace is declared in most tags that do. */
const HEAD_DECLARATION = " xmlns=";

export interface TagReaderOptions {
  readonly tables: CharacterTables;
  /** Absent when the input is UTF-16. */
  readonly decodeUtf8: DecodeUtf8 | undefined;
  readonly pool: TagSource;
}

/**
 * Reads one start tag. What it has found stands in its fields until the next one: there is one object for all tags of a
 * stream, for this is half of the hot loop of the server.
 */
export class TagReader {
  limits = unboundedXmlLimits;
  readonly #names: Uint8Array;
  readonly #values: Uint8Array;
  readonly #decodeUtf8: DecodeUtf8 | undefined;
  readonly #inBytes: boolean;
  readonly #pool: TagSource;

  nameEnd = 0;
  /** Whether the name has a prefix or characters beyond ASCII. */
  oddName = false;
  selfClosing = false;
  /** What `ElementParts.flags` are to be, as far as the tag decides. */
  flags = 0;
  /** The default namespace that is declared here. */
  defaultNamespace: string | undefined;
  /** The name and that, when they are known from another tag. */
  head: TagHead | undefined;
  /** As `ElementParts.offsets`, of which so many count; without declarations and without attributes with a prefix… */
  readonly offsets: number[] = [];
  offsetCount = 0;
  /** …which stand here, with places in the text instead of the source. Those of the prefix `xml` are as any other. */
  readonly prefixed: number[] = [];

  #oddName = false;
  #oddValue = false;
  #attributeCount = 0;

  constructor(options: TagReaderOptions) {
    this.#names = options.tables.name;
    this.#values = options.tables.value;
    this.#decodeUtf8 = options.decodeUtf8;
    this.#inBytes = options.decodeUtf8 !== undefined;
    this.#pool = options.pool;
  }

  /**
   * Reads the tag whose `<` is at `from`. `base` is what a position in the source is more than one in the text.
   *
   * @returns where it ends, or -1 if the text ends before it does
   * @throws {XmlError} perhaps before the tag is complete
   */
  read(text: string, from: number, base: number): number {
    const end = text.length;
    let at = this.#nameEnd(text, from + 1);
    if (at < 0) return -1;
    this.nameEnd = at;
    this.oddName = this.#oddName;
    if (at - from > this.limits.nameLengthMax + 1) throw exceeded("nameLengthMax");
    this.flags = PLAIN_TEXT | INNER_CANONICAL | TAG_CANONICAL;
    this.defaultNamespace = undefined;
    this.offsetCount = 0;
    this.#attributeCount = 0;
    if (this.prefixed.length > 0) this.prefixed.length = 0;
    this.head = undefined;
    if (at + HEAD_DECLARATION.length < end && text.charCodeAt(at + 1) === SMALL_X) {
      at = this.#head(text, from, at);
      if (at < 0) return -1;
    }
    for (;;) {
      if (at >= end) return -1;
      let code = text.charCodeAt(at);
      if (code !== GT && code !== SLASH) {
        at = this.#space(text, at);
        if (at >= end) return -1;
        code = text.charCodeAt(at);
        if (code === GT) this.flags &= ~TAG_CANONICAL;
      }
      if (code === GT) {
        this.selfClosing = false;
        return at + 1;
      }
      if (code === SLASH) {
        if (at + 1 >= end) return -1;
        if (text.charCodeAt(at + 1) !== GT) throw new XmlError("not-well-formed", "stray / in a tag");
        this.selfClosing = true;
        return at + 2;
      }
      at = this.#attribute(text, at, base);
      if (at < 0) return -1;
    }
  }

  /** White space in a tag: we write a single space before an attribute and nowhere else, but one before `/>` is usual. */
  #space(text: string, from: number): number {
    const code = text.charCodeAt(from);
    let at = from + 1;
    if (code === SPACE && at < text.length && text.charCodeAt(at) > SPACE) return at;
    if (!isXmlSpace(code)) throw new XmlError("not-well-formed", "white space missing in a tag");
    this.flags &= ~TAG_CANONICAL;
    while (at < text.length && isXmlSpace(text.charCodeAt(at))) at++;
    return at;
  }

  /** White space where we would write none. */
  #oddSpace(text: string, from: number): number {
    let at = from;
    while (at < text.length && isXmlSpace(text.charCodeAt(at))) at++;
    this.flags &= ~TAG_CANONICAL;
    return at;
  }

  /** The end of a name, or -1. Says whether it has a colon or characters beyond ASCII. */
  #nameEnd(text: string, from: number): number {
    const names = this.#names;
    const end = text.length;
    if (from >= end) return -1;
    this.#oddName = false;
    if (names[text.charCodeAt(from)] === NAME_START) {
      let at = from + 1;
      let code = 0;
      while (at < end && (names[(code = text.charCodeAt(at))] ?? 0) !== 0) at++;
      if (at >= end) return -1;
      if (code !== COLON && code < 0x80) return at;
      if (code === COLON && at === from + 3 && text.slice(from, from + 9) === "xml:lang=") {
        this.#oddName = true;
        return from + 8;
      }
    }
    this.#oddName = true;
    return qualifiedNameEnd(text, from, this.#inBytes);
  }

  #attribute(text: string, nameStart: number, base: number): number {
    const end = text.length;
    const nameEnd = this.#nameEnd(text, nameStart);
    if (nameEnd < 0) return -1;
    const odd = this.#oddName;
    if (nameEnd - nameStart > this.limits.nameLengthMax) throw exceeded("nameLengthMax");
    if (++this.#attributeCount > this.limits.attributesMax) throw exceeded("attributesMax");
    let at = nameEnd;
    if (text.charCodeAt(at) !== EQUALS) {
      at = this.#oddSpace(text, at);
      if (at >= end) return -1;
      if (text.charCodeAt(at) !== EQUALS) throw new XmlError("not-well-formed", "attribute without a value");
    }
    if (++at >= end) return -1;
    let quote = text.charCodeAt(at);
    if (quote !== APOSTROPHE && quote !== QUOTE) {
      at = this.#oddSpace(text, at);
      if (at >= end) return -1;
      quote = text.charCodeAt(at);
      if (quote !== APOSTROPHE && quote !== QUOTE)
        throw new XmlError("not-well-formed", "value without quotation marks");
    }
    const valueStart = at + 1;
    if (nameEnd - nameStart === 5 && text.slice(nameStart, nameEnd) === "xmlns") {
      return this.#default(text, valueStart, quote);
    }
    const valueEnd = this.#valueEnd(text, valueStart, quote);
    if (valueEnd < 0) return -1;
    const markedEnd = this.#oddValue ? ~valueEnd : valueEnd;
    if (odd && !text.startsWith("xml:", nameStart) && text.slice(nameStart, nameEnd).includes(":")) {
      this.prefixed.push(nameStart, nameEnd, valueStart, markedEnd);
    } else {
      this.#add(text, nameStart, nameEnd, valueStart + base, markedEnd < 0 ? markedEnd - base : markedEnd + base, base);
    }
    return valueEnd + 1;
  }

  #add(text: string, nameStart: number, nameEnd: number, valueStart: number, markedEnd: number, base: number): void {
    const offsets = this.offsets;
    const count = this.offsetCount;
    const length = nameEnd - nameStart;
    for (let index = 0; index < count; index += 4) {
      const other = (offsets[index] ?? 0) - base;
      if ((offsets[index + 1] ?? 0) - base - other === length && sameRun(text, other, nameStart, length)) {
        throw duplicateAttribute();
      }
    }
    offsets[count] = nameStart + base;
    offsets[count + 1] = nameEnd + base;
    offsets[count + 2] = valueStart;
    offsets[count + 3] = markedEnd;
    this.offsetCount = count + 4;
  }

  /** The value of `xmlns`. */
  #default(text: string, from: number, quote: number): number {
    if (this.defaultNamespace !== undefined) throw duplicateAttribute();
    this.flags |= DECLARES;
    const end = this.#valueEnd(text, from, quote);
    if (end < 0) return -1;
    this.defaultNamespace = this.value(text, from, this.#oddValue ? ~end : end);
    return end + 1;
  }

  /** The end of a default namespace that is declared right after the name; `nameEnd` if none is. */
  #head(text: string, from: number, nameEnd: number): number {
    const quoteAt = nameEnd + HEAD_DECLARATION.length;
    const quote = text.charCodeAt(quoteAt);
    if ((quote !== APOSTROPHE && quote !== QUOTE) || text.slice(nameEnd, quoteAt) !== HEAD_DECLARATION) return nameEnd;
    const close = text.indexOf(quote === QUOTE ? '"' : "'", quoteAt + 1);
    if (close < 0) return -1;
    const known = this.#pool.findHead(text, from, close + 1);
    if (known !== undefined) {
      this.flags |= DECLARES;
      this.#attributeCount = 1;
      this.head = known;
      this.defaultNamespace = known.ns;
      return close + 1;
    }
    const end = this.#attribute(text, nameEnd + 1, 0);
    if (end >= 0 && !this.#oddValue && !this.oddName) {
      const name = this.#pool.take(text, from + 1, nameEnd);
      this.#pool.addHead(text, from, end, name, this.defaultNamespace ?? "");
    }
    return end;
  }

  /** The meaning of a value that ends at `markedEnd`, complemented where it is not what is written. */
  value(text: string, start: number, markedEnd: number): string {
    if (markedEnd >= 0) return this.#pool.take(text, start, markedEnd);
    return detachString(decodeAttributeValue(text.slice(start, ~markedEnd), this.#decodeUtf8));
  }

  /** Where the quotation mark is that ends the value, or -1. Says whether the value is what is written. */
  #valueEnd(text: string, from: number, quote: number): number {
    const values = this.#values;
    const end = text.length;
    let at = from;
    let code = 0;
    this.#oddValue = false;
    for (;;) {
      while (at < end && values[(code = text.charCodeAt(at))] === 0) at++;
      if (at >= end) return -1;
      if (code === quote) return at;
      this.#oddValue = true;
      at = this.#oddPart(text, at, code);
      if (at < 0) return -1;
    }
  }

  /** A character or a reference in a value that the table does not know as plain. */
  #oddPart(text: string, at: number, code: number): number {
    switch (code) {
      case APOSTROPHE:
      case QUOTE:
        return at + 1;
      case GT:
        // Allowed, and where careless parsers think the tag ends.
        this.flags &= ~TAG_CANONICAL;
        return at + 1;
      case LT:
        throw new XmlError("not-well-formed", "< in an attribute value");
      case AMPERSAND:
        if (isCharacterReference(text, at)) this.flags &= ~TAG_CANONICAL;
        return referenceEnd(text, at, this.#inBytes);
      default:
        if (isXmlSpace(code)) this.flags &= ~TAG_CANONICAL;
        return charactersEnd(text, at, this.#inBytes);
    }
  }
}

/** Whether so many characters of a text are the same at two places. */
function sameRun(text: string, first: number, second: number, length: number): boolean {
  for (let index = length - 1; index >= 0; index--) {
    if (text.charCodeAt(first + index) !== text.charCodeAt(second + index)) return false;
  }
  return true;
}

/** [rfc6120-11.3-02] */
export function duplicateAttribute(): XmlError {
  return new XmlError("not-well-formed", "an attribute stands twice in a tag");
}
