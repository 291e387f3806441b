import { detachString } from "#protocol/detach-string.ts";
import { isXmlSpace } from "./characters.ts";
import { DECLARES, type ElementParts, INNER_CANONICAL, PLAIN_TEXT, TAG_CANONICAL, partsOf } from "./element-parts.ts";
import { NO_ELEMENTS, type XmlAttribute, XmlElement } from "./element.ts";
import { XmlError } from "./fault.ts";
import { type XmlLimits, exceeded, unboundedXmlLimits } from "./limits.ts";
import { charactersEnd, isCharacterReference, referenceEnd } from "./markup-parts.ts";
import { type NamespaceScope, checkDefaultNamespace, declarePrefix, namespaceOf } from "./namespace-scope.ts";
import { NS_CLIENT, NS_SERVER } from "./namespaces.ts";
import { PieceList } from "./piece-list.ts";
import { CDATA_CLOSE, CDATA_OPEN, Source, decodeRun } from "./source.ts";
import { TagReader, type TagReaderOptions, duplicateAttribute } from "./tag-reader.ts";
import { tokenEnd } from "./token-scan.ts";

const AMPERSAND = 0x26;
const BANG = 0x21;
const CARRIAGE_RETURN = 0x0d;
const GT = 0x3e;
const LT = 0x3c;
const QUESTION = 0x3f;
const RIGHT_BRACKET = 0x5d;
const SLASH = 0x2f;
const SPACE = 0x20;

/** Of longer plain text the rest is left to a regular expression: calling it costs as much as so many characters. */
const loopedLengthMax = 64;

const CANONICAL = INNER_CANONICAL | TAG_CANONICAL;

export type TreeReaderOptions = TagReaderOptions;

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
  readonly #options: TreeReaderOptions;
  readonly #texts: Uint8Array;
  readonly #textStop: RegExp;
  readonly #inBytes: boolean;
  readonly #tag: TagReader;
  #limits = unboundedXmlLimits;
  /** Namespace that is read as `jabber:client` where stanzas stand. */
  #contentNamespace: string = NS_CLIENT;

  #source: Source | undefined;
  #root: XmlElement | undefined;
  #inHeader = false;
  #elementCount = 0;
  /** Position in the source less position in the text. */
  #base = 0;
  /** Where the token begins that is being read. */
  #tokenStart = 0;
  /** Where in the text the part of the element begins that is not among the pieces. */
  #pieceStart = 0;
  readonly #pieces = new PieceList();

  // Elements that are open, the outermost first, and what was in scope there; `defaults` and `scopes` begin with what is
  // in scope outside.
  #depth = 0;
  readonly #open: (ElementParts | undefined)[] = [];
  readonly #tags: string[] = [];
  readonly #defaults: string[] = [];
  readonly #scopes: (NamespaceScope | undefined)[] = [];

  constructor(options: TreeReaderOptions) {
    this.#options = options;
    this.#texts = options.tables.text;
    this.#textStop = options.tables.textStop();
    this.#inBytes = options.decodeUtf8 !== undefined;
    this.#tag = new TagReader(options);
  }

  /** From the next element on, keeps these bounds and reads this namespace as `jabber:client` where stanzas stand. */
  serve(limits: XmlLimits, contentNamespace: string): void {
    this.#limits = limits;
    this.#tag.limits = limits;
    this.#contentNamespace = contentNamespace;
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
    this.#source = undefined;
    this.#root = undefined;
  }

  /** Gives up the element that has begun; returns what has been read of it. */
  abandon(): string {
    this.#depth = 0;
    this.#inHeader = false;
    this.#open.length = 0;
    this.#root = undefined;
    this.#source = undefined;
    return this.#pieces.take("");
  }

  /** The element that the last {@link read} completed. */
  take(): XmlElement | undefined {
    if (this.#depth > 0) return undefined;
    const element = this.#root;
    this.#root = undefined;
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
    const at = this.#readJudging(text, from, sizeEnd, "elementBytesMax");
    if (this.#depth === 0 && this.#root !== undefined) {
      const last = text.slice(this.#pieceStart, at);
      if (this.#source !== undefined) this.#source.text = this.#pieces.take(last);
      this.#source = undefined;
      return at;
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
   * @param bytesMax what is left of `headerBytesMax`
   * @returns `undefined` if the text ends before it does
   * @throws {XmlError}
   */
  readHeader(text: string, from: number, bytesMax: number): StreamHeader | undefined {
    this.begin(from, "", undefined);
    this.#inHeader = true;
    const end = this.#readJudging(text, from, from + bytesMax, "headerBytesMax");
    this.#inHeader = false;
    const element = this.#root;
    if (element === undefined || this.#source === undefined) return undefined;
    this.#source.text = detachString(text.slice(from, end));
    this.abandon();
    const tag = this.#tags[0] ?? "";
    const colon = tag.indexOf(":");
    return {
      element,
      tag,
      prefix: colon < 0 ? "" : tag.slice(0, colon),
      contentNamespace: this.#defaults[1] ?? "",
      scope: this.#scopes[1],
      end,
      closed: this.#tag.selfClosing,
    };
  }

  /**
   * Reads tokens; one that is faulty but not complete waits for the rest of it as if it were not. One that goes over
   * `sizeEnd` is that and nothing else, for in pieces it would be before its fault is seen.
   */
  #readJudging(text: string, from: number, sizeEnd: number, bound: keyof XmlLimits): number {
    let at: number;
    try {
      at = this.#readTokens(text, from, sizeEnd);
    } catch (error) {
      const start = this.#tokenStart;
      const end = error instanceof XmlError ? tokenEnd(text, start) : start;
      if (end < 0) return start;
      throw end > sizeEnd ? exceeded(bound) : error;
    }
    if (at > sizeEnd) throw exceeded(bound);
    return at;
  }

  /** Stops behind the first token that goes over `sizeEnd`. */
  #readTokens(text: string, from: number, sizeEnd: number): number {
    const end = text.length;
    let at = from;
    while (at < end) {
      this.#tokenStart = at;
      let next: number;
      if (text.charCodeAt(at) !== LT) next = this.#characterData(text, at);
      else if (at + 1 >= end) return at;
      else {
        const code = text.charCodeAt(at + 1);
        if (code === SLASH) next = this.#endTag(text, at);
        else if (code === BANG) next = this.#cdataSection(text, at);
        // [rfc6120-11.1-01] [rfc6120-11.1-03]
        else if (code === QUESTION) throw new XmlError("restricted-xml", "processing instruction");
        else next = this.#startTag(text, at);
      }
      if (next < 0) return at;
      at = next;
      if (at > sizeEnd || this.#depth === 0 || this.#inHeader) return at;
    }
    return at;
  }

  #characterData(text: string, from: number): number {
    const texts = this.#texts;
    const end = text.length;
    const parent = this.#parent();
    let at = from;
    for (;;) {
      const loopEnd = Math.min(at + loopedLengthMax, end);
      while (at < loopEnd && texts[text.charCodeAt(at)] === 0) at++;
      if (at === loopEnd) at = this.#longTextEnd(text, at);
      if (at >= end) return -1;
      const code = text.charCodeAt(at);
      if (code === LT) return at;
      at = this.#oddCharacter(text, at, code, parent);
      if (at < 0) return -1;
    }
  }

  /** The end of plain text that is long. The expression finds it as the loop would. */
  #longTextEnd(text: string, from: number): number {
    this.#textStop.lastIndex = from;
    return this.#textStop.test(text) ? this.#textStop.lastIndex - 1 : text.length;
  }

  /** A character or a reference in text that the table does not know as plain. */
  #oddCharacter(text: string, at: number, code: number, parent: ElementParts): number {
    switch (code) {
      case AMPERSAND:
        parent.flags &= isCharacterReference(text, at) ? ~(PLAIN_TEXT | INNER_CANONICAL) : ~PLAIN_TEXT;
        return referenceEnd(text, at, this.#inBytes);
      case RIGHT_BRACKET:
        if (text.startsWith(CDATA_CLOSE, at)) throw new XmlError("not-well-formed", "]]> in character data");
        return at + 1;
      case CARRIAGE_RETURN:
        parent.flags &= ~(PLAIN_TEXT | INNER_CANONICAL);
        return at + 1;
      default:
        if (this.#inBytes) parent.flags &= ~PLAIN_TEXT;
        return charactersEnd(text, at, this.#inBytes);
    }
  }

  #cdataSection(text: string, at: number): number {
    const start = at + CDATA_OPEN.length;
    if (!CDATA_OPEN.startsWith(text.slice(at, start))) {
      // [rfc6120-11.1-01] [rfc6120-11.1-03]
      throw new XmlError("restricted-xml", "comment or document type declaration");
    }
    if (start > text.length) return -1;
    const parent = this.#parent();
    const close = text.indexOf(CDATA_CLOSE, start);
    if (close < 0) return -1;
    for (let here = start; here < close;) {
      const code = text.charCodeAt(here);
      here = code >= SPACE && code < 0x80 ? here + 1 : charactersEnd(text, here, this.#inBytes);
    }
    parent.flags &= ~(PLAIN_TEXT | INNER_CANONICAL);
    return close + CDATA_CLOSE.length;
  }

  #parent(): ElementParts {
    const parent = this.#open[this.#depth - 1];
    if (parent === undefined) throw new XmlError("bad-format", "text where an element was expected");
    return parent;
  }

  #endTag(text: string, at: number): number {
    const depth = this.#depth - 1;
    const element = this.#open[depth];
    const tag = this.#tags[depth] ?? "";
    let close = at + 2 + tag.length;
    // [rfc6120-11.3-02]
    if (element === undefined || text.slice(at + 2, close) !== tag) {
      throw new XmlError("not-well-formed", "end tag without its start tag");
    }
    while (close < text.length && isXmlSpace(text.charCodeAt(close))) {
      element.flags &= ~TAG_CANONICAL;
      close++;
    }
    if (close >= text.length) return -1;
    if (text.charCodeAt(close) !== GT) throw new XmlError("not-well-formed", "end tag without its start tag");
    element.innerEnd = at + this.#base;
    element.end = close + 1 + this.#base;
    // Were it left there, it would keep its chunk alive until the next stanza.
    this.#open[depth] = undefined;
    this.#depth = depth;
    this.#settle(element);
    return close + 1;
  }

  /** An element that is complete decides whether what its parent holds can be passed on. */
  #settle(element: ElementParts): void {
    const flags = element.flags;
    if ((flags & CANONICAL) === CANONICAL && (flags & DECLARES) === 0) return;
    const parent = this.#open[this.#depth - 1];
    if (parent === undefined) return;
    // On its way to a peer server an explicit jabber:client in a stanza would not become the content namespace.
    const redeclared = element.ns === NS_CLIENT && parent.ns === NS_CLIENT;
    if ((flags & CANONICAL) !== CANONICAL || redeclared) parent.flags &= ~INNER_CANONICAL;
  }

  #startTag(text: string, at: number): number {
    const limits = this.#limits;
    const tag = this.#tag;
    const base = this.#base;
    const close = tag.read(text, at, base);
    if (close < 0) return -1;
    const depth = this.#depth;
    if (depth >= limits.depthMax) throw exceeded("depthMax");
    if (++this.#elementCount > limits.elementsMax) throw exceeded("elementsMax");

    let scope = this.#scopes[depth];
    let entries: readonly XmlAttribute[] | undefined;
    const defaultNamespace =
      tag.defaultNamespace === undefined ? (this.#defaults[depth] ?? "") : this.#declaredDefault(tag.defaultNamespace);
    if (tag.prefixed.length > 0) {
      scope = this.#declaredPrefixes(text, scope);
      entries = this.#prefixedAttributes(text, scope);
    }
    const tagName = tag.head === undefined ? this.#options.pool.take(text, at + 1, tag.nameEnd) : tag.head.name;
    let ns = defaultNamespace;
    let name = tagName;
    if (tag.oddName) {
      const colon = tagName.indexOf(":");
      if (colon > 0) ns = this.#prefixNamespace(tagName.slice(0, colon), scope);
      name = this.#decoded(tagName.slice(colon + 1));
    }
    const source = (this.#source ??= new Source(this.#options.decodeUtf8));
    const offsets = tag.offsetCount > 0 ? tag.offsets.slice(0, tag.offsetCount) : undefined;
    const element = new XmlElement(ns, name, source, offsets, entries, at + base, close + base, tag.flags);
    if (depth === 0) this.#root = element;
    else this.#adopt(element);
    if (tag.selfClosing && !this.#inHeader) {
      this.#settle(partsOf(element));
      return close;
    }
    this.#tags[depth] = tagName;
    this.#defaults[depth + 1] = defaultNamespace;
    this.#scopes[depth + 1] = scope;
    this.#open[depth] = partsOf(element);
    this.#depth = depth + 1;
    return close;
  }

  #adopt(element: XmlElement): void {
    const parent = this.#parent();
    if (parent.kids === NO_ELEMENTS) parent.kids = [element];
    else if (parent.kids.push(element) > this.#limits.childrenMax) throw exceeded("childrenMax");
  }

  /** What a declared default namespace means here. */
  #declaredDefault(ns: string): string {
    checkDefaultNamespace(ns);
    const content = this.#contentNamespace;
    if (content === NS_CLIENT || this.#inHeader) return ns;
    const parent = this.#open[this.#depth - 1];
    if (parent !== undefined && parent.ns !== NS_CLIENT) return ns;
    // [rfc6120-4.8.3-04]
    if (ns === NS_CLIENT && parent === undefined)
      throw new XmlError("invalid-namespace", "jabber:client on another kind of stream");
    if (ns !== content && ns !== NS_CLIENT) return ns;
    // Also what a user of theirs has put into a stanza, or one user could end a stream that many share.
    this.#tag.flags &= ~TAG_CANONICAL;
    return NS_CLIENT;
  }

  /** The scope with the prefixes that the tag declares. */
  #declaredPrefixes(text: string, outer: NamespaceScope | undefined): NamespaceScope | undefined {
    const { flags, prefixed } = this.#tag;
    this.#tag.flags = flags & ~TAG_CANONICAL;
    const names = new Set<string>();
    let scope = outer;
    for (let index = 0; index < prefixed.length; index += 4) {
      const name = this.#decoded(text.slice(prefixed[index] ?? 0, prefixed[index + 1] ?? 0));
      if (names.has(name)) throw duplicateAttribute();
      names.add(name);
      if (!name.startsWith("xmlns:")) continue;
      const ns = this.#tag.value(text, prefixed[index + 2] ?? 0, prefixed[index + 3] ?? 0);
      scope = declarePrefix(scope, detachString(name.slice(6)), ns);
      if (scope.depth > this.#limits.namespacesMax) throw exceeded("namespacesMax");
    }
    return scope;
  }

  /** The attributes with prefixes, by their expanded names. */
  #prefixedAttributes(text: string, scope: NamespaceScope | undefined): readonly XmlAttribute[] {
    const { prefixed } = this.#tag;
    const entries: XmlAttribute[] = [];
    for (let index = 0; index < prefixed.length; index += 4) {
      const name = this.#decoded(text.slice(prefixed[index] ?? 0, prefixed[index + 1] ?? 0));
      if (name.startsWith("xmlns:")) continue;
      const colon = name.indexOf(":");
      const key = `{${namespaceOf(scope, name.slice(0, colon))}}${name.slice(colon + 1)}`;
      if (entries.some(([other]) => other === key)) throw duplicateAttribute();
      entries.push([key, this.#tag.value(text, prefixed[index + 2] ?? 0, prefixed[index + 3] ?? 0)]);
    }
    return entries;
  }

  #prefixNamespace(prefix: string, scope: NamespaceScope | undefined): string {
    this.#tag.flags &= ~CANONICAL;
    const ns = namespaceOf(scope, this.#decoded(prefix));
    // [rfc6120-4.8.5-04]
    if (ns === NS_CLIENT || ns === NS_SERVER || ns === this.#contentNamespace) {
      throw new XmlError("bad-namespace-prefix", "a prefix for the content namespace");
    }
    return ns;
  }

  #decoded(name: string): string {
    return decodeRun(name, this.#options.decodeUtf8);
  }
}
