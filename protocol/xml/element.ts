import { APPENDED, CHANGED, DECLARES, INNER_CANONICAL, PLAIN_TEXT, TAG_CANONICAL, partsOf } from "./element-parts.ts";
import { NS_XML } from "./namespaces.ts";
import type { Source } from "./source.ts";

/** What an element contains: elements and decoded character data. */
export type XmlNode = XmlElement | string;

/** A name as in {@link XmlElement.attr}, and the decoded value. */
export type XmlAttribute = readonly [name: string, value: string];

/** Attributes by their names as in {@link XmlElement.attr}; `undefined` is absent, or removes. */
export type AttributeChanges = Readonly<Record<string, string | undefined>>;

/** Shared by all elements without child elements; whoever adds the first one makes an array. */
export const NO_ELEMENTS: readonly XmlElement[] = Object.freeze([]);
const NO_ATTRIBUTES: readonly XmlAttribute[] = Object.freeze([]);
const NO_OFFSETS: readonly number[] = Object.freeze([]);

const BRACE = 0x7b;
const XML_KEY = `{${NS_XML}}`;

/**
 * An element of a tree that never changes: made by the reader, {@link xml}, {@link withAttributes} or
 * {@link withChildren}.
 *
 * One that was read keeps offsets into its source, and decodes an attribute or a text when it is asked for. It keeps
 * the chunk alive that it was cut from: `copyOut` what outlives the turn of the loop.
 */
export class XmlElement {
  /** Namespace name, "" for none. */
  readonly ns: string;
  /** Local name. */
  readonly name: string;

  // ElementParts explains these to those who may see them.
  private readonly source: Source | undefined;
  private readonly offsets: readonly number[];
  private readonly entries: readonly XmlAttribute[];
  private readonly kids: readonly XmlElement[];
  private nodes: readonly XmlNode[] | undefined;
  private readonly start: number;
  private readonly innerStart: number;
  private readonly innerEnd: number;
  private readonly end: number;
  private readonly flags: number;

  /** For the reader. Everyone else calls {@link xml}. */
  constructor(
    ns: string,
    name: string,
    source: Source | undefined,
    offsets: readonly number[] = NO_OFFSETS,
    entries: readonly XmlAttribute[] = NO_ATTRIBUTES,
    start = 0,
    innerStart = 0,
    flags = 0,
    end = innerStart,
    innerEnd = innerStart,
    kids: readonly XmlElement[] = NO_ELEMENTS,
    nodes?: readonly XmlNode[],
  ) {
    this.ns = ns;
    this.name = name;
    this.source = source;
    this.offsets = offsets;
    this.entries = entries;
    this.kids = kids;
    this.nodes = nodes;
    this.start = start;
    this.innerStart = innerStart;
    this.innerEnd = innerEnd;
    this.end = end;
    this.flags = flags;
  }

  /** Value of an attribute: by local name if it has no namespace, "xml:lang", or "{namespace}local". */
  attr(name: string): string | undefined {
    const { offsets, source } = this;
    if (source !== undefined) {
      const index = source.attributeIndex(offsets, name);
      if (index >= 0) return source.attribute(offsets, index);
    }
    // Without an iterator for each question: every step asks some of every stanza.
    const { entries } = this;
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index];
      if (entry?.[0] === name) return entry[1];
    }
    return isOrdinary(name) ? undefined : this.#attributeOfOddName(name);
  }

  /** A name may be written with the namespace of `xml`, or stand in the source as UTF-8. */
  #attributeOfOddName(name: string): string | undefined {
    const key = attributeKey(name);
    return this.attributes.find(([candidate]) => candidate === key)?.[1];
  }

  /** All attributes, namespace declarations left out. */
  get attributes(): readonly XmlAttribute[] {
    const { offsets, source } = this;
    if (source === undefined || offsets.length === 0) return this.entries;
    const all: XmlAttribute[] = [];
    for (let index = 0; index < offsets.length; index += 4) {
      all.push([source.attributeName(offsets, index), source.attribute(offsets, index)]);
    }
    all.push(...this.entries);
    return all;
  }

  /** Elements and decoded character data in document order; no text is empty, no two are neighbours. */
  get children(): readonly XmlNode[] {
    return (this.nodes ??= this.#readNodes());
  }

  #readNodes(): readonly XmlNode[] {
    const nodes: XmlNode[] = [];
    const { kids } = this;
    const appended = (this.flags & APPENDED) === 0 ? undefined : kids.at(-1);
    let from = this.innerStart;
    for (const kid of kids) {
      if (kid === appended) break;
      if (kid.start > from) this.#readText(nodes, from, kid.start);
      nodes.push(kid);
      from = kid.end;
    }
    if (this.innerEnd > from) this.#readText(nodes, from, this.innerEnd);
    if (appended !== undefined) nodes.push(appended);
    return nodes;
  }

  #readText(nodes: XmlNode[], start: number, end: number): void {
    const text = this.#characterData(start, end);
    // An empty CDATA section is no text.
    if (text !== "") nodes.push(text);
  }

  #characterData(start: number, end: number): string {
    const source = this.source;
    if (source === undefined) return "";
    return (this.flags & PLAIN_TEXT) === 0 ? source.characterData(start, end) : source.text.slice(start, end);
  }

  /** Direct character data, concatenated. */
  get text(): string {
    if (this.nodes === undefined && this.kids.length === 0) {
      return this.innerEnd > this.innerStart ? this.#characterData(this.innerStart, this.innerEnd) : "";
    }
    let text = "";
    for (const node of this.children) if (typeof node === "string") text += node;
    return text;
  }

  /** The first child element of that name. */
  child(ns: string, name: string): XmlElement | undefined {
    const { kids } = this;
    for (let index = 0; index < kids.length; index++) {
      const kid = kids[index];
      if (kid?.name === name && kid.ns === ns) return kid;
    }
    return undefined;
  }

  /** The child elements. */
  elements(): readonly XmlElement[] {
    return this.kids;
  }

  /** The first child element: the payload of an iq. */
  get firstElement(): XmlElement | undefined {
    return this.kids[0];
  }

  /** Whether the text that was read may be passed on as it is. Never so for what was built or changed. */
  get canonical(): boolean {
    return (this.flags & (INNER_CANONICAL | TAG_CANONICAL | CHANGED)) === (INNER_CANONICAL | TAG_CANONICAL);
  }
}

/** Builds an element. Attributes and children that are `undefined` are left out, neighbouring texts become one. */
export function xml(
  ns: string,
  name: string,
  attributes: AttributeChanges = {},
  ...children: readonly (XmlNode | undefined)[]
): XmlElement {
  const entries: XmlAttribute[] = [];
  for (const key of Object.keys(attributes)) {
    const value = attributes[key];
    if (value !== undefined) entries.push([attributeKey(key), value]);
  }
  const nodes = joinTexts(children);
  return new XmlElement(ns, name, undefined, undefined, entries, 0, 0, CHANGED, 0, 0, elementsAmong(nodes), nodes);
}

/** The same element with other attributes; children and their source are shared. */
export function withAttributes(element: XmlElement, changes: AttributeChanges): XmlElement {
  const parts = partsOf(element);
  const { source } = parts;
  let offsets = parts.offsets;
  let entries = parts.entries;
  for (const name of Object.keys(changes)) {
    const value = changes[name];
    const key = attributeKey(name);
    if (source !== undefined) offsets = offsetsWithout(source, offsets, key);
    if (entries.length > 0) entries = entries.filter(([other]) => other !== key);
    if (value !== undefined) entries = [...entries, [key, value]];
  }
  return new XmlElement(
    parts.ns,
    parts.name,
    source,
    offsets,
    entries,
    parts.start,
    parts.innerStart,
    parts.flags | CHANGED,
    parts.end,
    parts.innerEnd,
    parts.kids,
    parts.nodes,
  );
}

function offsetsWithout(source: Source, offsets: readonly number[], key: string): readonly number[] {
  let index = source.attributeIndex(offsets, key);
  if (index < 0 && !isOrdinary(key)) {
    for (let at = 0; at < offsets.length; at += 4) if (source.attributeName(offsets, at) === key) index = at;
  }
  return index < 0 ? offsets : [...offsets.slice(0, index), ...offsets.slice(index + 4)];
}

/** The same element with other children. */
export function withChildren(element: XmlElement, children: readonly XmlNode[]): XmlElement {
  const { ns, name, source, offsets, entries, flags } = partsOf(element);
  const nodes = joinTexts(children);
  const kids = elementsAmong(nodes);
  const changed = (flags & (TAG_CANONICAL | DECLARES)) | CHANGED;
  return new XmlElement(ns, name, source, offsets, entries, 0, 0, changed, 0, 0, kids, nodes);
}

/** The same element with one child more, at its end. What was read of its inside can be passed on still. */
export function withAppended(element: XmlElement, child: XmlElement): XmlElement {
  const { ns, name, source, offsets, entries, start, innerStart, innerEnd, end, kids, flags } = partsOf(element);
  if (source === undefined || (flags & (INNER_CANONICAL | APPENDED)) !== INNER_CANONICAL)
    return withChildren(element, [...element.children, child]);
  const changed = flags | APPENDED | CHANGED;
  return new XmlElement(ns, name, source, offsets, entries, start, innerStart, changed, end, innerEnd, [
    ...kids,
    child,
  ]);
}

function joinTexts(nodes: readonly (XmlNode | undefined)[]): readonly XmlNode[] {
  const result: XmlNode[] = [];
  for (const node of nodes) {
    if (node === undefined || node === "") continue;
    const last = result.at(-1);
    if (typeof node === "string" && typeof last === "string") result[result.length - 1] = last + node;
    else result.push(node);
  }
  return result;
}

function elementsAmong(nodes: readonly XmlNode[]): readonly XmlElement[] {
  return nodes.every((node) => typeof node === "string")
    ? NO_ELEMENTS
    : nodes.filter((node) => typeof node !== "string");
}

/** Attributes of the namespace of `xml` go by their fixed prefix. Other namespaces may begin like it, braces and all. */
function attributeKey(name: string): string {
  const isXml = name.charCodeAt(0) === BRACE && name.startsWith(XML_KEY) && name.lastIndexOf("}") < XML_KEY.length;
  return isXml ? `xml:${name.slice(XML_KEY.length)}` : name;
}

/** Whether a name stands in every source as it is written here. */
function isOrdinary(name: string): boolean {
  if (name.charCodeAt(0) === BRACE) return false;
  for (let at = 0; at < name.length; at++) if (name.charCodeAt(at) > 0x7f) return false;
  return true;
}

/** Whether both are the same tree: names, namespaces, attributes in any order, children in order. */
export function equalElements(a: XmlElement, b: XmlElement): boolean {
  const pairs: [XmlElement, XmlElement][] = [[a, b]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [left, right] = pair;
    if (left === right) continue;
    if (left.name !== right.name || left.ns !== right.ns || !equalAttributes(left, right)) return false;
    const nodes = left.children;
    const others = right.children;
    if (nodes.length !== others.length) return false;
    for (const [index, node] of nodes.entries()) {
      const other = others[index];
      if (typeof node === "string" || typeof other === "string" || other === undefined) {
        if (node !== other) return false;
      } else pairs.push([node, other]);
    }
  }
  return true;
}

function equalAttributes(a: XmlElement, b: XmlElement): boolean {
  const attributes = a.attributes;
  return attributes.length === b.attributes.length && attributes.every(([name, value]) => b.attr(name) === value);
}
