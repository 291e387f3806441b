import { XmlElement, type XmlNode } from "./element.ts";
import { XmlError, type XmlFault } from "./fault.ts";
import { type XmlLimits, defaultXmlLimits } from "./limits.ts";
import { NS_CLIENT, NS_STREAM, NS_XML } from "./namespaces.ts";

export type { XmlFault } from "./fault.ts";
export { type XmlLimits, defaultXmlLimits } from "./limits.ts";

export interface StreamContext {
  /** Namespaces that the header declares: prefix → name, "" for the default namespace. */
  readonly namespaces: ReadonlyMap<string, string>;
  /** Prefix of the header itself, "" if none. */
  readonly prefix: string;
}

export interface XmlStreamHandler {
  readonly streamOpened: (header: XmlElement, context: StreamContext) => void;
  readonly elementRead: (element: XmlElement) => void;
  readonly streamClosed: () => void;
  readonly failed: (fault: XmlFault) => void;
  readonly keepAlive?: () => void;
}

export interface XmlReaderOptions {
  readonly limits?: Partial<XmlLimits>;
  readonly input: "bytes" | "utf16";
  /** Decodes a byte string that is known to be valid UTF-8. */
  readonly decodeUtf8: (bytes: string) => string;
  /** The content namespace on the wire, which is read as `jabber:client`. */
  readonly contentNamespace?: string;
}

// FIRST VERSION: signatures are final, the inside is being replaced.
export class XmlStreamReader {
  readonly #handler: XmlStreamHandler;
  readonly #options: XmlReaderOptions;
  readonly #limits: XmlLimits;
  #buffer = "";
  #scope: ReadonlyMap<string, string> = new Map([["xml", NS_XML]]);
  #stack: {
    ns: string;
    name: string;
    tag: string;
    attributes: [string, string][];
    nodes: XmlNode[];
    scope: ReadonlyMap<string, string>;
  }[] = [];
  #open = false;
  #paused = false;
  #running = false;
  #dead = false;

  constructor(handler: XmlStreamHandler, options: XmlReaderOptions) {
    this.#handler = handler;
    this.#options = options;
    this.#limits = { ...defaultXmlLimits, ...options.limits };
  }

  get bytesBuffered(): number {
    return this.#buffer.length;
  }

  write(chunk: string): void {
    if (this.#dead) return;
    this.#buffer += chunk;
    this.#run();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#run();
  }

  restart(): void {
    this.#open = false;
    this.#stack = [];
    this.#scope = new Map([["xml", NS_XML]]);
  }

  drop(): void {
    this.restart();
    this.#buffer = "";
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    try {
      while (!this.#paused && !this.#dead && this.#step()) {
        // each step takes one token
      }
    } catch (error) {
      if (!(error instanceof XmlError)) throw error;
      this.#dead = true;
      this.#handler.failed({ condition: error.condition, text: error.message });
    } finally {
      this.#running = false;
    }
    if (this.#buffer.length > this.#limits.elementBytesMax) {
      this.#dead = true;
      this.#handler.failed({ condition: "policy-violation", text: "element too big" });
    }
  }

  #step(): boolean {
    const buffer = this.#buffer;
    if (buffer === "") return false;
    if (!buffer.startsWith("<")) {
      const end = buffer.indexOf("<");
      if (end < 0 && this.#stack.length > 0) return false;
      const raw = end < 0 ? buffer : buffer.slice(0, end);
      this.#buffer = buffer.slice(raw.length);
      const top = this.#stack.at(-1);
      if (top === undefined) {
        if (raw.trim() !== "") throw fault("not-well-formed", "text between elements");
        if (this.#open) this.#handler.keepAlive?.();
      } else top.nodes.push(this.#decode(raw));
      return true;
    }
    const match = /^<(?:[^>'"]|'[^']*'|"[^"]*")*>/.exec(buffer);
    if (match === null) return false;
    const tag = match[0];
    this.#buffer = buffer.slice(tag.length);
    if (tag.startsWith("<?xml") && !this.#open) return true;
    if (tag.startsWith("<!") || tag.startsWith("<?"))
      throw fault("restricted-xml", "comment, declaration or instruction");
    if (tag.startsWith("</")) this.#close(tag.slice(2, -1).trim());
    else this.#start(tag);
    return true;
  }

  #close(tag: string): void {
    const top = this.#stack.pop();
    if (top === undefined) {
      this.#dead = true;
      this.#handler.streamClosed();
      return;
    }
    if (top.tag !== tag) throw fault("not-well-formed", "end tag without start tag");
    this.#finish(new XmlElement(top.ns, top.name, top.attributes, top.nodes));
  }

  #finish(element: XmlElement): void {
    const parent = this.#stack.at(-1);
    if (parent === undefined) this.#handler.elementRead(element);
    else parent.nodes.push(element);
  }

  #start(markup: string): void {
    const empty = markup.endsWith("/>");
    const tag = /^<([^\s/>]+)/.exec(markup)?.[1] ?? "";
    const raw = [...markup.matchAll(/\s([^\s=]+)\s*=\s*(?:'([^']*)'|"([^"]*)")/g)].map(
      (found) => [found[1] ?? "", this.#decode(found[2] ?? found[3] ?? "")] as const,
    );
    const scope = new Map(this.#stack.at(-1)?.scope ?? this.#scope);
    for (const [name, value] of raw) {
      if (name === "xmlns") scope.set("", value === this.#options.contentNamespace ? NS_CLIENT : value);
      else if (name.startsWith("xmlns:")) scope.set(name.slice(6), value);
    }
    const attributes: [string, string][] = [];
    for (const [name, value] of raw) {
      if (name === "xmlns" || name.startsWith("xmlns:")) continue;
      if (!name.includes(":") || name.startsWith("xml:")) attributes.push([name, value]);
      else attributes.push([`{${resolve(scope, name)[0]}}${resolve(scope, name)[1]}`, value]);
    }
    const [ns, name] = tag.includes(":") ? resolve(scope, tag) : [scope.get("") ?? "", tag];
    if (!this.#open) {
      if (ns !== NS_STREAM || name !== "stream") throw fault("invalid-namespace", "not a stream header");
      this.#open = true;
      this.#scope = scope;
      this.#handler.streamOpened(new XmlElement(ns, name, attributes, []), {
        namespaces: scope,
        prefix: tag.includes(":") ? tag.slice(0, tag.indexOf(":")) : "",
      });
    } else if (empty) this.#finish(new XmlElement(ns, name, attributes, []));
    else this.#stack.push({ ns, name, tag, attributes, nodes: [], scope });
  }

  #decode(raw: string): string {
    const text = this.#options.input === "bytes" ? this.#options.decodeUtf8(raw) : raw;
    return text
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&apos;", "'")
      .replaceAll("&quot;", '"')
      .replaceAll(/&#(x?)([0-9a-fA-F]+);/g, (_, hex: string, digits: string) =>
        String.fromCodePoint(parseInt(digits, hex === "x" ? 16 : 10)),
      )
      .replaceAll("&amp;", "&");
  }
}

function resolve(scope: ReadonlyMap<string, string>, name: string): [string, string] {
  const colon = name.indexOf(":");
  const ns = scope.get(name.slice(0, colon));
  if (ns === undefined) throw fault("not-well-formed", "unbound prefix");
  return [ns, name.slice(colon + 1)];
}

function fault(condition: XmlFault["condition"], text: string): XmlError {
  return new XmlError({ condition, text });
}

/** Reads one element. `inherited` is the default namespace where it stands. */
export function parseElement(text: string, inherited: string = NS_CLIENT): XmlElement {
  let result: XmlElement | undefined;
  const reader = new XmlStreamReader(
    {
      streamOpened: () => undefined,
      elementRead: (element) => (result ??= element),
      streamClosed: () => undefined,
      failed: (problem) => {
        throw new XmlError(problem);
      },
    },
    { input: "utf16", decodeUtf8: (bytes) => bytes },
  );
  reader.write(`<stream:stream xmlns='${inherited}' xmlns:stream='${NS_STREAM}'>`);
  reader.write(text);
  if (result === undefined) throw fault("not-well-formed", "no complete element");
  return result;
}
