import { NAME, NAME_START, TEXT_STOP, VALUE_STOP, isXmlSpace } from "./characters.ts";
import { DECLARES, type ElementParts, INNER_CANONICAL, PLAIN_TEXT, TAG_CANONICAL, partsOf } from "./element-parts.ts";
import { NO_ELEMENTS, type XmlAttribute, XmlElement } from "./element.ts";
import { XmlError } from "./fault.ts";
import type { XmlLimits } from "./limits.ts";
import { characterEnd, isCharacterReference, qualifiedNameEnd, referenceEnd } from "./markup-parts.ts";
import { type NamespaceScope, checkDefaultNamespace, declarePrefix, namespaceOf } from "./namespace-scope.ts";
import { NS_CLIENT, NS_SERVER } from "./namespaces.ts";
import { detachString } from "#protocol/detach-string.ts";
import { PieceList } from "./piece-list.ts";
import { CDATA_CLOSE, CDATA_OPEN, type DecodeUtf8, Source, decodeAttributeValue, decodeRun } from "./source.ts";
import type { StringSource } from "./string-pool.ts";
import { tokenEnd } from "./token-scan.ts";

const AMPERSAND = 0x26;
const APOSTROPHE = 0x27;
const BANG = 0x21;
const CARRIAGE_RETURN = 0x0d;
const COLON = 0x3a;
const EQUALS = 0x3d;
const GT = 0x3e;
const LT = 0x3c;
const QUESTION = 0x3f;
const QUOTE = 0x22;
const RIGHT_BRACKET = 0x5d;
const SLASH = 0x2f;
const SPACE = 0x20;

export interface TreeReaderOptions {
  readonly limits: XmlLimits;
  readonly classes: Uint8Array;
  /** Absent when the input is UTF-16. */
  readonly decodeUtf8: DecodeUtf8 | undefined;
  readonly pool: StringSource;
  /** Namespace that is read as `jabber:client` where stanzas stand; "" for none. */
  readonly contentNamespace: string;
}

/** The start tag of a stream, which is all of an element that there is until the stream closes. */
export interface StreamHeader {
  readonly element: XmlElement;
  /** The name as it is written, which the end tag has to repeat. */
  readonly tag: string;
  readonly prefix: string;
  /** The default namespace, as it is on the wire. */
  readonly contentNamespace: string;
  readonly scope: NamespaceScope | undefined;
  /** Where the tag ends in the text. */
  readonly end: number;
  /** An empty-element tag: the stream is closed as soon as it is open. */
  readonly closed: boolean;
}

/**
 * Reads one element and all that is in it, from a text that may end anywhere and go on with the next.
 *
 * This is the hot loop of the server: it looks at each character once, makes one object for an element and no strings
 * but names. A token (a tag, a run of text, a CDATA section) is judged when all of it is there, so that it makes no
 * difference where the input is cut. The methods that read a token return where it ends, or -1 if the text ends first.
 */
export class TreeReader {
  readonly #limits: XmlLimits;
  readonly #classes: Uint8Array;
  readonly #decodeUtf8: DecodeUtf8 | undefined;
  readonly #inBytes: boolean;
  readonly #pool: StringSource;
  readonly #contentNamespace: string;

  #source: Source;
  #root: XmlElement | undefined;
  /** Position in the source less position in the text. */
  #base = 0;
  #elementCount = 0;
  #inHeader = false;
  /** Where in the text the part of the element begins that is not among the pieces. */
  #pieceStart = 0;
  readonly #pieces = new PieceList();

  // Elements that are open, the outermost first.
  readonly #open: ElementParts[] = [];
  readonly #tags: string[] = [];
  readonly #defaults: string[] = [];
  readonly #scopes: (NamespaceScope | undefined)[] = [];

  // What the start tag that is being read is made of. Places are those in the text; an end is complemented (`~end`)
  // where the value is not what it means, as in ElementParts.offsets.
  #selfClosing = false;
  #tagFlags = 0;
  #oddName = false;
  #oddValue = false;
  #defaultStart = -1;
  #defaultEnd = -1;
  #attributeCount = 0;
  /** As ElementParts.offsets, without namespace declarations and without attributes that have a prefix… */
  readonly #offsets: number[] = [];
  #offsetCount = 0;
  /** …which are here. */
  readonly #prefixed: number[] = [];

  constructor(options: TreeReaderOptions) {
    this.#limits = options.limits;
    this.#classes = options.classes;
    this.#decodeUtf8 = options.decodeUtf8;
    this.#inBytes = options.decodeUtf8 !== undefined;
    this.#pool = options.pool;
    this.#contentNamespace = options.contentNamespace;
    this.#source = new Source(options.decodeUtf8);
  }

  /** Characters that are kept of an element that is not complete. */
  get length(): number {
    return this.#pieces.length;
  }

  /** Expects an element at `from` of the next text, with these namespaces in scope. */
  begin(from: number, defaultNamespace: string, scope: NamespaceScope | undefined): void {
    this.#base = -from;
    this.#pieceStart = from;
    this.#elementCount = 0;
    this.#defaults[0] = defaultNamespace;
    this.#scopes[0] = scope;
    this.#source = new Source(this.#decodeUtf8);
    this.#root = undefined;
  }

  /** Gives up the element that has begun; returns what has been read of it. */
  abandon(): string {
    this.#open.length = 0;
    this.#root = undefined;
    return this.#pieces.take("");
  }

  /** The element that the last {@link read} completed. */
  take(): XmlElement | undefined {
    const element = this.#open.length === 0 ? this.#root : undefined;
    if (element !== undefined) this.#root = undefined;
    return element;
  }

  /**
   * Reads as far as it can.
   *
   * @returns where the element ends ({@link take} it), or where the token begins that the end of the text has cut
   * @throws {XmlError}
   */
  read(text: string, from: number): number {
    const sizeEnd = this.#limits.elementBytesMax - this.#base;
    let at = from;
    for (;;) {
      const next = this.#judge(text, at, sizeEnd);
      if (next < 0) break;
      at = next;
      if (at > sizeEnd) throw exceeded("elementBytesMax");
      if (this.#open.length === 0) {
        const last = text.slice(this.#pieceStart, at);
        this.#source.text = this.#pieces.length === 0 ? last : this.#pieces.take(last);
        return at;
      }
    }
    if (text.length > sizeEnd) throw exceeded("elementBytesMax");
    this.#pieces.push(text.slice(this.#pieceStart, at));
    this.#pieceStart = 0;
    this.#base += at;
    return at;
  }

  /**
   * Reads the start tag of a stream, which is an element as soon as it is open.
   *
   * @returns `undefined` if the text ends before it does
   * @throws {XmlError}
   */
  readHeader(text: string, from: number, sizeEnd: number): StreamHeader | undefined {
    this.begin(from, "", undefined);
    this.#inHeader = true;
    try {
      const end = this.#judge(text, from, sizeEnd);
      const header = this.#root;
      if (end < 0 || header === undefined) return undefined;
      this.#source.text = detachString(text.slice(from, end));
      this.#root = undefined;
      const tag = this.#tags[0] ?? "";
      const colon = tag.indexOf(":");
      return {
        element: header,
        tag,
        prefix: colon < 0 ? "" : tag.slice(0, colon),
        contentNamespace: this.#defaults[1] ?? "",
        scope: this.#scopes[1],
        end,
        closed: this.#selfClosing,
      };
    } finally {
      this.#open.length = 0;
      this.#inHeader = false;
    }
  }

  /** Reads one token; where it is faulty but not complete, waits for the rest of it as if it were not. */
  #judge(text: string, at: number, sizeEnd: number): number {
    try {
      return this.#token(text, at);
    } catch (error) {
      const end = error instanceof XmlError ? tokenEnd(text, at) : at;
      if (end < 0) return -1;
      throw end > sizeEnd ? exceeded("elementBytesMax") : error;
    }
  }

  #token(text: string, at: number): number {
    if (at >= text.length) return -1;
    if (text.charCodeAt(at) !== LT) return this.#characterData(text, at);
    if (at + 1 >= text.length) return -1;
    switch (text.charCodeAt(at + 1)) {
      case SLASH:
        return this.#endTag(text, at);
      case BANG:
        return this.#cdataSection(text, at);
      case QUESTION:
        // [rfc6120-11.1-03]
        throw new XmlError("restricted-xml", "processing instruction");
      default:
        return this.#startTag(text, at);
    }
  }

  #characterData(text: string, from: number): number {
    const classes = this.#classes;
    const end = text.length;
    const parent = this.#parent();
    let at = from;
    for (;;) {
      let code = 0;
      while (at < end && ((classes[(code = text.charCodeAt(at))] ?? TEXT_STOP) & TEXT_STOP) === 0) at++;
      if (at >= end) return -1;
      switch (code) {
        case LT:
          return at;
        case AMPERSAND:
          parent.flags &= isCharacterReference(text, at) ? ~(PLAIN_TEXT | INNER_CANONICAL) : ~PLAIN_TEXT;
          at = referenceEnd(text, at, this.#inBytes);
          if (at < 0) return -1;
          break;
        case RIGHT_BRACKET:
          if (text.startsWith(CDATA_CLOSE, at)) throw new XmlError("not-well-formed", "]]> in character data");
          at++;
          break;
        case CARRIAGE_RETURN:
          parent.flags &= ~(PLAIN_TEXT | INNER_CANONICAL);
          at++;
          break;
        default:
          at = characterEnd(text, at, this.#inBytes);
          if (this.#inBytes) parent.flags &= ~PLAIN_TEXT;
      }
    }
  }

  #cdataSection(text: string, at: number): number {
    const start = at + CDATA_OPEN.length;
    if (!CDATA_OPEN.startsWith(text.slice(at, start))) {
      // [rfc6120-11.1-03]
      throw new XmlError("restricted-xml", "comment or document type declaration");
    }
    if (start > text.length) return -1;
    const parent = this.#parent();
    const close = text.indexOf(CDATA_CLOSE, start);
    if (close < 0) return -1;
    for (let here = start; here < close;) {
      const code = text.charCodeAt(here);
      const ascii = code >= SPACE && code < 0x80;
      here = ascii ? here + 1 : characterEnd(text, here, this.#inBytes);
    }
    parent.flags &= ~(PLAIN_TEXT | INNER_CANONICAL);
    return close + CDATA_CLOSE.length;
  }

  #parent(): ElementParts {
    const parent = this.#open[this.#open.length - 1];
    if (parent === undefined) throw new XmlError("bad-format", "text where an element was expected");
    return parent;
  }

  #endTag(text: string, at: number): number {
    const depth = this.#open.length - 1;
    const element = this.#open[depth];
    const tag = this.#tags[depth] ?? "";
    if (element === undefined || !text.startsWith(tag, at + 2)) {
      throw new XmlError("not-well-formed", "end tag without its start tag");
    }
    let close = at + 2 + tag.length;
    while (close < text.length && isXmlSpace(text.charCodeAt(close))) {
      element.flags &= ~TAG_CANONICAL;
      close++;
    }
    if (close >= text.length) return -1;
    if (text.charCodeAt(close) !== GT) throw new XmlError("not-well-formed", "end tag without its start tag");
    element.innerEnd = at + this.#base;
    element.end = close + 1 + this.#base;
    this.#open.pop();
    this.#settle(element, depth);
    return close + 1;
  }

  /** An element that is complete decides whether what its parent holds can be passed on. */
  #settle(element: ElementParts, depth: number): void {
    const parent = this.#open[depth - 1];
    if (parent === undefined) return;
    const canonical = (element.flags & (INNER_CANONICAL | TAG_CANONICAL)) === (INNER_CANONICAL | TAG_CANONICAL);
    // On its way to a peer server an explicit jabber:client in a stanza would not become the content namespace.
    const redeclared = (element.flags & DECLARES) !== 0 && element.ns === NS_CLIENT && parent.ns === NS_CLIENT;
    if (!canonical || redeclared) parent.flags &= ~INNER_CANONICAL;
  }

  #startTag(text: string, at: number): number {
    const nameStart = at + 1;
    const nameEnd = this.#nameEnd(text, nameStart);
    if (nameEnd < 0) return -1;
    const odd = this.#oddName;
    const close = this.#attributes(text, nameEnd);
    if (close < 0) return -1;
    const limits = this.#limits;
    const depth = this.#open.length;
    if (depth >= limits.depthMax) throw exceeded("depthMax");
    if (nameEnd - nameStart > limits.nameLengthMax) throw exceeded("nameLengthMax");
    if (++this.#elementCount > limits.elementsMax) throw exceeded("elementsMax");

    let scope = this.#scopes[depth];
    let ns = this.#defaultStart < 0 ? (this.#defaults[depth] ?? "") : this.#declaredDefault(text, depth);
    const defaultNamespace = ns;
    let entries: readonly XmlAttribute[] | undefined;
    if (this.#prefixed.length > 0) {
      scope = this.#declaredPrefixes(text, scope);
      entries = this.#prefixedAttributes(text, scope);
    }
    const tag = this.#pool.take(text, nameStart, nameEnd);
    let name = tag;
    if (odd) {
      const colon = tag.indexOf(":");
      if (colon > 0) ns = this.#prefixNamespace(tag.slice(0, colon), scope);
      name = this.#decoded(tag.slice(colon + 1));
    }
    const base = this.#base;
    const offsets = this.#offsetCount > 0 ? this.#offsets.slice(0, this.#offsetCount) : undefined;
    const element = new XmlElement(ns, name, this.#source, offsets, entries, at + base, close + base, this.#tagFlags);
    const parts = partsOf(element);
    if (depth === 0) this.#root = element;
    else this.#adopt(element, depth);
    this.#tags[depth] = tag;
    this.#defaults[depth + 1] = defaultNamespace;
    this.#scopes[depth + 1] = scope;
    if (this.#selfClosing) this.#settle(parts, depth);
    else this.#open.push(parts);
    return close;
  }

  #adopt(element: XmlElement, depth: number): void {
    const parent = this.#open[depth - 1];
    if (parent === undefined) return;
    if (parent.kids === NO_ELEMENTS) parent.kids = [element];
    else if (parent.kids.push(element) > this.#limits.childrenMax) throw exceeded("childrenMax");
  }

  /** End of a name; says whether it has a colon or characters beyond ASCII. */
  #nameEnd(text: string, from: number): number {
    const classes = this.#classes;
    const end = text.length;
    if (from >= end) return -1;
    this.#oddName = false;
    if (((classes[text.charCodeAt(from)] ?? 0) & NAME_START) !== 0) {
      let at = from + 1;
      let code = 0;
      while (at < end && ((classes[(code = text.charCodeAt(at))] ?? 0) & NAME) !== 0) at++;
      if (at >= end) return -1;
      if (code !== COLON && code < 0x80) return at;
    }
    this.#oddName = true;
    return qualifiedNameEnd(text, from, this.#inBytes);
  }

  /** Reads the attributes, and the tag to its end. */
  #attributes(text: string, from: number): number {
    const end = text.length;
    this.#tagFlags = PLAIN_TEXT | INNER_CANONICAL | TAG_CANONICAL;
    this.#defaultStart = -1;
    this.#attributeCount = 0;
    this.#offsetCount = 0;
    if (this.#prefixed.length > 0) this.#prefixed.length = 0;
    let at = from;
    for (;;) {
      if (at >= end) return -1;
      let code = text.charCodeAt(at);
      if (code !== GT && code !== SLASH) {
        at = this.#tagSpace(text, at);
        if (at >= end) return -1;
        code = text.charCodeAt(at);
        if (code === GT) this.#tagFlags &= ~TAG_CANONICAL;
      }
      if (code === GT) {
        this.#selfClosing = false;
        return at + 1;
      }
      if (code === SLASH) {
        if (at + 1 >= end) return -1;
        if (text.charCodeAt(at + 1) !== GT) throw new XmlError("not-well-formed", "stray / in a tag");
        this.#selfClosing = true;
        return at + 2;
      }
      at = this.#attribute(text, at);
      if (at < 0) return -1;
    }
  }

  /** White space in a tag: we write a single space before an attribute and nowhere else, but one before `/>` is usual. */
  #tagSpace(text: string, from: number): number {
    const code = text.charCodeAt(from);
    if (!isXmlSpace(code)) throw new XmlError("not-well-formed", "white space missing in a tag");
    let at = from + 1;
    while (at < text.length && isXmlSpace(text.charCodeAt(at))) at++;
    if (code !== SPACE || at > from + 1) this.#tagFlags &= ~TAG_CANONICAL;
    return at;
  }

  #attribute(text: string, nameStart: number): number {
    const nameEnd = this.#nameEnd(text, nameStart);
    if (nameEnd < 0) return -1;
    if (nameEnd - nameStart > this.#limits.nameLengthMax) throw exceeded("nameLengthMax");
    if (++this.#attributeCount > this.#limits.attributesMax) throw exceeded("attributesMax");
    const odd = this.#oddName;
    let at = nameEnd;
    if (text.charCodeAt(at) !== EQUALS) {
      at = this.#oddSpace(text, at);
      if (at >= text.length) return -1;
      if (text.charCodeAt(at) !== EQUALS) throw new XmlError("not-well-formed", "attribute without a value");
    }
    at++;
    if (at >= text.length) return -1;
    let quote = text.charCodeAt(at);
    if (quote !== APOSTROPHE && quote !== QUOTE) {
      at = this.#oddSpace(text, at);
      if (at >= text.length) return -1;
      quote = text.charCodeAt(at);
      if (quote !== APOSTROPHE && quote !== QUOTE)
        throw new XmlError("not-well-formed", "value without quotation marks");
    }
    const valueStart = at + 1;
    const valueEnd = this.#valueEnd(text, valueStart, quote);
    if (valueEnd < 0) return -1;
    const markedEnd = this.#oddValue ? ~valueEnd : valueEnd;
    if (odd && !text.startsWith("xml:", nameStart) && text.slice(nameStart, nameEnd).includes(":")) {
      this.#prefixed.push(nameStart, nameEnd, valueStart, markedEnd);
    } else if (nameEnd - nameStart === 5 && text.startsWith("xmlns", nameStart)) {
      if (this.#defaultStart >= 0) throw duplicateAttribute();
      this.#defaultStart = valueStart;
      this.#defaultEnd = markedEnd;
    } else {
      this.#addAttribute(text, nameStart, nameEnd, valueStart, markedEnd);
    }
    return valueEnd + 1;
  }

  #addAttribute(text: string, nameStart: number, nameEnd: number, valueStart: number, markedEnd: number): void {
    const base = this.#base;
    const offsets = this.#offsets;
    const count = this.#offsetCount;
    for (let index = 0; index < count; index += 4) {
      const other = (offsets[index] ?? 0) - base;
      if (
        (offsets[index + 1] ?? 0) - base - other === nameEnd - nameStart &&
        sameRun(text, other, nameStart, nameEnd)
      ) {
        throw duplicateAttribute();
      }
    }
    offsets[count] = nameStart + base;
    offsets[count + 1] = nameEnd + base;
    offsets[count + 2] = valueStart + base;
    offsets[count + 3] = markedEnd < 0 ? markedEnd - base : markedEnd + base;
    this.#offsetCount = count + 4;
  }

  /** White space where we would write none. */
  #oddSpace(text: string, from: number): number {
    let at = from;
    while (at < text.length && isXmlSpace(text.charCodeAt(at))) at++;
    this.#tagFlags &= ~TAG_CANONICAL;
    return at;
  }

  #valueEnd(text: string, from: number, quote: number): number {
    const classes = this.#classes;
    const end = text.length;
    this.#oddValue = false;
    let at = from;
    for (;;) {
      let code = 0;
      while (at < end && ((classes[(code = text.charCodeAt(at))] ?? VALUE_STOP) & VALUE_STOP) === 0) at++;
      if (at >= end) return -1;
      if (code === quote) return at;
      switch (code) {
        case APOSTROPHE:
        case QUOTE:
          at++;
          break;
        case GT:
          // Allowed, and where careless parsers think the tag ends.
          this.#tagFlags &= ~TAG_CANONICAL;
          at++;
          break;
        case LT:
          throw new XmlError("not-well-formed", "< in an attribute value");
        case AMPERSAND:
          this.#oddValue = true;
          if (isCharacterReference(text, at)) this.#tagFlags &= ~TAG_CANONICAL;
          at = referenceEnd(text, at, this.#inBytes);
          if (at < 0) return -1;
          break;
        default:
          if (isXmlSpace(code)) this.#tagFlags &= ~TAG_CANONICAL;
          if (this.#inBytes || code < SPACE) this.#oddValue = true;
          at = characterEnd(text, at, this.#inBytes);
      }
    }
  }

  #declaredDefault(text: string, depth: number): string {
    this.#tagFlags |= DECLARES;
    const ns = this.#value(text, this.#defaultStart, this.#defaultEnd);
    checkDefaultNamespace(ns);
    if (this.#contentNamespace === NS_CLIENT || this.#inHeader) return ns;
    const parent = this.#open[depth - 1];
    if (parent !== undefined && parent.ns !== NS_CLIENT) return ns;
    if (ns === this.#contentNamespace) {
      this.#tagFlags &= ~TAG_CANONICAL;
      return NS_CLIENT;
    }
    // [rfc6120-4.8.3-04]
    if (ns === NS_CLIENT) throw new XmlError("invalid-namespace", "jabber:client on another kind of stream");
    return ns;
  }

  /** The scope with the prefixes that the tag declares. */
  #declaredPrefixes(text: string, outer: NamespaceScope | undefined): NamespaceScope | undefined {
    this.#tagFlags &= ~TAG_CANONICAL;
    const names = new Set<string>();
    let scope = outer;
    for (let index = 0; index < this.#prefixed.length; index += 4) {
      const name = this.#decoded(text.slice(this.#prefixed[index] ?? 0, this.#prefixed[index + 1] ?? 0));
      if (names.has(name)) throw duplicateAttribute();
      names.add(name);
      if (!name.startsWith("xmlns:")) continue;
      const ns = this.#value(text, this.#prefixed[index + 2] ?? 0, this.#prefixed[index + 3] ?? 0);
      scope = declarePrefix(scope, detachString(name.slice(6)), ns);
      if (scope.depth > this.#limits.namespacesMax) throw exceeded("namespacesMax");
    }
    return scope;
  }

  /** The attributes with prefixes, by their expanded names. */
  #prefixedAttributes(text: string, scope: NamespaceScope | undefined): readonly XmlAttribute[] {
    const entries: XmlAttribute[] = [];
    for (let index = 0; index < this.#prefixed.length; index += 4) {
      const name = this.#decoded(text.slice(this.#prefixed[index] ?? 0, this.#prefixed[index + 1] ?? 0));
      if (name.startsWith("xmlns:")) continue;
      const colon = name.indexOf(":");
      const key = `{${namespaceOf(scope, name.slice(0, colon))}}${name.slice(colon + 1)}`;
      if (entries.some(([other]) => other === key)) throw duplicateAttribute();
      entries.push([key, this.#value(text, this.#prefixed[index + 2] ?? 0, this.#prefixed[index + 3] ?? 0)]);
    }
    return entries;
  }

  #prefixNamespace(prefix: string, scope: NamespaceScope | undefined): string {
    this.#tagFlags &= ~(TAG_CANONICAL | INNER_CANONICAL);
    const ns = namespaceOf(scope, this.#decoded(prefix));
    // [rfc6120-4.8.5-04]
    if (ns === NS_CLIENT || ns === NS_SERVER || ns === this.#contentNamespace) {
      throw new XmlError("bad-namespace-prefix", "a prefix for the content namespace");
    }
    return ns;
  }

  /** An attribute value that is wanted at once, from the pool if it is written as it is meant. */
  #value(text: string, start: number, markedEnd: number): string {
    if (markedEnd >= 0) return this.#pool.take(text, start, markedEnd);
    return decodeAttributeValue(text.slice(start, ~markedEnd), this.#decodeUtf8);
  }

  #decoded(name: string): string {
    return this.#decodeUtf8 === undefined ? name : decodeRun(name, this.#decodeUtf8);
  }
}

/** Whether two places of a text are the same up to the end of the second. */
function sameRun(text: string, first: number, second: number, secondEnd: number): boolean {
  for (let index = secondEnd - second - 1; index >= 0; index--) {
    if (text.charCodeAt(first + index) !== text.charCodeAt(second + index)) return false;
  }
  return true;
}

function duplicateAttribute(): XmlError {
  return new XmlError("not-well-formed", "an attribute stands twice in a tag");
}

function exceeded(bound: keyof XmlLimits): XmlError {
  return new XmlError("policy-violation", `${bound} exceeded`);
}
