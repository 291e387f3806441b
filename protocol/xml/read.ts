import { byteTables, isXmlSpace, unitTables } from "./characters.ts";
import { CutToken } from "./cut-token.ts";
import type { XmlElement } from "./element.ts";
import { XmlError, type XmlFault } from "./fault.ts";
import { type XmlLimits, defaultXmlLimits, exceeded } from "./limits.ts";
import { type NamespaceScope, declarePrefix } from "./namespace-scope.ts";
import { NS_CLIENT, NS_STREAM } from "./namespaces.ts";
import { PieceList } from "./piece-list.ts";
import type { DecodeUtf8 } from "./source.ts";
import { TagPool, type TagSource, unpooled } from "./tag-pool.ts";
import { tokenEnd } from "./token-scan.ts";
import { TreeReaderPool, type TreeReaderPoolOptions } from "./tree-reader-pool.ts";
import { TreeReader } from "./tree-reader.ts";
import { xmlDeclarationEnd } from "./xml-declaration.ts";

/** 16 namespaces, 16 tags: a stream of its own, as in a client, says much the same all the time. */
const ownPoolPowerOfTwo = 4;

const LT = 0x3c;
const SLASH = 0x2f;

/** What a stream header says beside its attributes. */
export interface StreamContext {
  /** Default namespace that it declares, as it is on the wire; "" for none. */
  readonly contentNamespace: string;
  /** Its own prefix; "" for none. */
  readonly prefix: string;
  /** Prefixes that it declares, with their namespaces. */
  readonly prefixes: ReadonlyMap<string, string>;
}

/** What is done with a stream. Every callback may call the reader. */
export interface XmlStreamHandler {
  readonly streamOpened: (header: XmlElement, context: StreamContext) => void;
  readonly elementRead: (element: XmlElement) => void;
  readonly streamClosed: () => void;
  /** Nothing is read after this. */
  readonly failed: (fault: XmlFault) => void;
  /** White space between first-level elements, told once a chunk. RFC 6120 §4.6.1. */
  readonly keepAlive?: () => void;
}

export type XmlReaderOptions = {
  readonly limits?: XmlLimits;
  /** The content namespace on the wire, which is read as `jabber:client`. RFC 6120 §4.8.3. */
  readonly contentNamespace?: string;
} & (
  | {
      /** Shared among the streams of a process, with tags of 256 slots or more. */
      readonly trees: TreeReaderPool;
    }
  | Omit<TreeReaderPoolOptions, "tags">
);

type Phase =
  /** Before the header: XML declaration and white space are allowed. */
  | "prolog"
  /** After an XML declaration. */
  | "header"
  /** Between first-level elements. */
  | "content"
  /** In a first-level element. */
  | "element"
  /** After the end or a fault. */
  | "over";

/**
 * Reads an XML stream from chunks that are cut anywhere. RFC 6120 §4, §11.
 *
 * The same input gives the same events however it is cut, and work in proportion to its length. What it keeps between
 * chunks is bounded by `elementBytesMax`, and holds no chunk alive.
 */
export class XmlStreamReader {
  readonly #handler: XmlStreamHandler;
  #limits: XmlLimits;
  readonly #trees: TreeReaderPool;
  /** While an element has begun and is not complete. */
  #tree: TreeReader | undefined;
  readonly #contentNamespace: string;

  #phase: Phase = "prolog";
  /** What is being read, and how far it has been. */
  #text = "";
  #at = 0;
  /** Chunks that were written while reading was paused or a callback was running. */
  #waiting: PieceList | undefined;
  /** The token that is cut off by the end of the input. */
  #cut: CutToken | undefined;
  #paused = false;
  #running = false;
  /** Whether what comes next may be white space that belonged to the stream before. */
  #afterRestart = false;

  #headerBytes = 0;
  #headerTag = "";
  #scope: NamespaceScope | undefined;
  #default = "";
  #scanned = 0;

  constructor(handler: XmlStreamHandler, options: XmlReaderOptions) {
    this.#handler = handler;
    this.#limits = options.limits ?? defaultXmlLimits;
    this.#contentNamespace = options.contentNamespace ?? NS_CLIENT;
    this.#trees =
      "trees" in options ? options.trees : new TreeReaderPool({ ...options, tags: new TagPool(ownPoolPowerOfTwo) });
  }

  /** Characters that are kept: of an element that is not complete, or waiting for `resume`. */
  get bytesBuffered(): number {
    return this.#begun + this.#cutLength + (this.#waiting?.length ?? 0) + this.#text.length - this.#at;
  }

  /** Characters that are kept of the element that has begun. */
  get #begun(): number {
    return this.#tree?.length ?? 0;
  }

  get #cutLength(): number {
    return this.#cut?.length ?? 0;
  }

  /** Characters that have been looked at so far. It is in proportion to what was written, which a test holds us to. */
  get scanned(): number {
    return this.#scanned;
  }

  /** Other bounds from the next element on: a peer that has authenticated may send more than a stranger. */
  setLimits(limits: XmlLimits): void {
    this.#limits = limits;
  }

  /** Reads a chunk, calling the handler. While reading is paused the chunk waits. */
  write(chunk: string): void {
    if (this.#phase === "over" || chunk === "") return;
    if (this.#running || this.#paused) {
      (this.#waiting ??= new PieceList()).push(chunk);
      return;
    }
    this.#continueWith(chunk);
    this.#run();
  }

  /** Stops after the current callback. What is left of the chunk waits. */
  pause(): void {
    this.#paused = true;
  }

  /** Goes on where `pause` stopped. */
  resume(): void {
    this.#paused = false;
    this.#run();
  }

  /**
   * Expects a new stream header, as after SASL. What is left of the input is kept, and so is an element that has begun:
   * it belongs to the new stream. [rfc6120-4.3.3-02]
   */
  restart(): void {
    const begun = this.#abandon() + (this.#cut?.whole("") ?? "");
    this.#cut = undefined;
    if (begun !== "") {
      this.#text = begun + this.#text.slice(this.#at);
      this.#at = 0;
    }
    this.#expectHeader();
    this.#afterRestart = true;
    this.#run();
  }

  /** Expects a new stream header, and throws away what is left of the input, as STARTTLS demands. RFC 6120 §5.4.3.3. */
  drop(): void {
    this.#abandon();
    this.#cut = undefined;
    this.#waiting = undefined;
    this.#text = "";
    this.#at = 0;
    this.#expectHeader();
  }

  /** Gives up the element that has begun, if any; returns what has been read of it. */
  #abandon(): string {
    const tree = this.#tree;
    if (tree === undefined) return "";
    this.#tree = undefined;
    const begun = tree.abandon();
    this.#trees.giveBack(tree);
    return begun;
  }

  #expectHeader(): void {
    this.#phase = "prolog";
    this.#headerBytes = 0;
    this.#afterRestart = false;
  }

  /** Puts a chunk behind the token that was cut, if that is complete with it. */
  #continueWith(chunk: string): void {
    const cut = this.#cut;
    if (cut !== undefined && !cut.short) {
      this.#scanned += chunk.length;
      if (!cut.endsIn(chunk)) {
        cut.push(chunk);
        this.#checkCutLength();
        return;
      }
    }
    this.#cut = undefined;
    this.#text = cut === undefined ? chunk : cut.whole(chunk);
    this.#at = 0;
  }

  #checkCutLength(): void {
    // What stands between elements can only be the end of the stream: as long as its header, and no longer.
    const element = this.#phase === "element";
    const before = element ? this.#begun : this.#phase === "content" ? 0 : this.#headerBytes;
    const bound = element ? "elementBytesMax" : "headerBytesMax";
    if (this.#cutLength + before > this.#limits[bound]) this.#fail(exceeded(bound));
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    try {
      while (!this.#paused && this.#phase !== "over" && (this.#at < this.#text.length || this.#nextChunk())) {
        this.#step(this.#phase, this.#text, this.#at);
      }
    } catch (error) {
      if (!(error instanceof XmlError)) throw error;
      this.#fail(error);
    } finally {
      this.#running = false;
      if (this.#at >= this.#text.length) this.#forgetText();
    }
  }

  #step(phase: Phase, text: string, at: number): void {
    switch (phase) {
      case "prolog":
        return this.#readProlog(text, at);
      case "header":
        return this.#readHeader(text, at);
      case "content":
        return this.#readContent(text, at);
      case "element":
        return this.#tree && this.#readElement(this.#tree, text, at);
      case "over":
        return undefined;
    }
  }

  #readProlog(text: string, from: number): void {
    const at = spaceEnd(text, from);
    if (at > from && !this.#afterRestart) {
      // After white space an XML declaration is none. XML 1.0 §2.8.
      this.#phase = "header";
      return;
    }
    this.#advance(from, at, at - from);
    if (at === text.length) return;
    const end = xmlDeclarationEnd(text, at, this.#limits.headerBytesMax - this.#headerBytes);
    if (end < 0) return this.#cutOff(text, at);
    this.#advance(at, end, end - at);
    this.#phase = "header";
  }

  #readHeader(text: string, from: number): void {
    const at = spaceEnd(text, from);
    this.#advance(from, at, at - from);
    if (at === text.length) return;
    // A byte order mark is a character like any other. [rfc6120-11.6-05]
    if (text.charCodeAt(at) !== LT) throw new XmlError("not-well-formed", "text before the stream header");
    this.#tree = this.#trees.take(this.#limits, this.#contentNamespace);
    const header = this.#tree.readHeader(text, at, this.#limits.headerBytesMax - this.#headerBytes);
    this.#abandon();
    if (header === undefined) return this.#cutOff(text, at);
    this.#advance(at, header.end, header.end - at);
    this.#phase = "content";
    this.#headerTag = header.tag;
    // Those of an earlier header are forgotten. [rfc6120-4.8.5-05]
    this.#scope = header.scope;
    this.#default = header.contentNamespace === this.#contentNamespace ? NS_CLIENT : header.contentNamespace;
    const { contentNamespace, prefix } = header;
    this.#handler.streamOpened(header.element, { contentNamespace, prefix, prefixes: prefixesOf(header.scope) });
    if (header.closed) this.#closeIfOpen();
  }

  #readContent(text: string, from: number): void {
    const at = spaceEnd(text, from);
    if (at > from) {
      // [rfc6120-11.7-01]
      this.#advance(from, at, 0);
      this.#handler.keepAlive?.();
      return;
    }
    if (text.charCodeAt(at) !== LT) throw new XmlError("bad-format", "text between first-level elements");
    if (at + 1 >= text.length) return this.#cutOff(text, at);
    if (text.charCodeAt(at + 1) === SLASH) return this.#readStreamEnd(text, at);
    this.#tree = this.#trees.take(this.#limits, this.#contentNamespace);
    this.#tree.begin(at, this.#default, this.#scope);
    this.#phase = "element";
    return this.#readElement(this.#tree, text, at);
  }

  #readElement(tree: TreeReader, text: string, from: number): void {
    const at = tree.read(text, from);
    const element = tree.take();
    // What is not complete is nothing yet. [rfc6120-8-02]
    if (element === undefined) return this.#cutOff(text, at);
    this.#tree = undefined;
    this.#trees.giveBack(tree);
    this.#advance(from, at, 0);
    this.#phase = "content";
    this.#handler.elementRead(element);
  }

  #readStreamEnd(text: string, at: number): void {
    const end = tokenEnd(text, at);
    if (end > at + this.#limits.headerBytesMax) throw exceeded("headerBytesMax");
    if (end < 0) return this.#cutOff(text, at);
    const nameEnd = at + 2 + this.#headerTag.length;
    if (!text.startsWith(this.#headerTag, at + 2) || spaceEnd(text, nameEnd) !== end - 1) {
      throw new XmlError("not-well-formed", "end tag without its start tag");
    }
    this.#advance(at, end, 0);
    this.#close();
  }

  /** The callback may have asked for another stream. */
  #closeIfOpen(): void {
    if (this.#phase === "content") this.#close();
  }

  #close(): void {
    this.#end();
    this.#handler.streamClosed();
  }

  /** Goes on to `at`; so much of it belongs to the header. */
  #advance(from: number, at: number, headerBytes: number): void {
    this.#at = at;
    this.#scanned += at - from;
    this.#headerBytes += headerBytes;
    if (this.#headerBytes > this.#limits.headerBytesMax) {
      throw exceeded("headerBytesMax");
    }
  }

  /** Puts aside the token that begins at `at` until the rest of it comes. */
  #cutOff(text: string, at: number): void {
    const rest = text.slice(at);
    this.#scanned += text.length - this.#at;
    if (rest !== "") this.#cut = new CutToken(rest);
    this.#at = text.length;
    this.#checkCutLength();
  }

  #nextChunk(): boolean {
    this.#forgetText();
    const waiting = this.#waiting;
    if (waiting === undefined) return false;
    this.#waiting = undefined;
    this.#continueWith(waiting.take(""));
    return this.#text !== "";
  }

  #forgetText(): void {
    this.#text = "";
    this.#at = 0;
  }

  #fail(error: XmlError): void {
    this.#end();
    this.#handler.failed(error.fault);
  }

  #end(): void {
    this.#phase = "over";
    this.#abandon();
    this.#cut = undefined;
    this.#waiting = undefined;
    this.#forgetText();
  }
}

function spaceEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && isXmlSpace(text.charCodeAt(at))) at++;
  return at;
}

function prefixesOf(scope: NamespaceScope | undefined): ReadonlyMap<string, string> {
  const prefixes = new Map<string, string>();
  for (let here = scope; here !== undefined; here = here.outer) prefixes.set(here.prefix, here.ns);
  return prefixes;
}

export interface ParseOptions {
  readonly limits?: Partial<XmlLimits>;
  /** As {@link TreeReaderPoolOptions.decodeUtf8}; without it the text is UTF-16. */
  readonly decodeUtf8?: DecodeUtf8;
  readonly pool?: TagSource;
}

/**
 * Reads a text that is one element, by the same rules as a stream: a WebSocket frame, a row of storage, a test's data.
 *
 * @param inherited default namespace where the element stands. With "" it is a document of its own; otherwise the prefix
 *   `stream` is bound as in streams.
 * @throws {XmlError} when it is anything else than one element, white space around it, and an XML declaration
 */
export function parseElement(text: string, inherited: string = NS_CLIENT, options: ParseOptions = {}): XmlElement {
  const tree = new TreeReader({
    tables: options.decodeUtf8 === undefined ? unitTables : byteTables,
    decodeUtf8: options.decodeUtf8,
    pool: options.pool ?? unpooled,
  });
  tree.serve({ ...defaultXmlLimits, ...options.limits }, NS_CLIENT);
  const start = spaceEnd(text, Math.max(xmlDeclarationEnd(text, 0), 0));
  tree.begin(start, inherited, inherited === "" ? undefined : STREAM_SCOPE);
  const end = tree.read(text, start);
  const element = tree.take();
  if (element === undefined) throw new XmlError("not-well-formed", "no complete element");
  if (spaceEnd(text, end) < text.length) throw new XmlError("not-well-formed", "more than one element");
  return element;
}

const STREAM_SCOPE = declarePrefix(undefined, "stream", NS_STREAM);
