import { NS_XML } from "./namespaces.ts";

/** What an element contains: elements and decoded character data. */
export type XmlNode = XmlElement | string;

/** Changes to attributes by their names as in {@link XmlElement.attr}; `undefined` removes. */
export type AttributeChanges = Readonly<Record<string, string | undefined>>;

/** An element of a tree that never changes. */
export class XmlElement {
  /** Namespace name, "" for none. */
  readonly ns: string;
  /** Local name. */
  readonly name: string;
  readonly #attributes: readonly (readonly [name: string, value: string])[];
  readonly #children: readonly XmlNode[];

  constructor(
    ns: string,
    name: string,
    attributes: readonly (readonly [string, string])[],
    children: readonly XmlNode[],
  ) {
    this.ns = ns;
    this.name = name;
    this.#attributes = attributes;
    this.#children = children;
  }

  /** Value of an attribute: by local name if it has no namespace, "xml:lang", or "{namespace}local". */
  attr(name: string): string | undefined {
    for (const [key, value] of this.#attributes) if (key === name) return value;
    return undefined;
  }

  /** All attributes in document order, namespace declarations left out. */
  get attributes(): readonly (readonly [name: string, value: string])[] {
    return this.#attributes;
  }

  get children(): readonly XmlNode[] {
    return this.#children;
  }

  /** Direct character data, concatenated. */
  get text(): string {
    let text = "";
    for (const node of this.#children) if (typeof node === "string") text += node;
    return text;
  }

  /** The first child element of that name. */
  child(ns: string, name: string): XmlElement | undefined {
    for (const node of this.#children) {
      if (typeof node !== "string" && node.name === name && node.ns === ns) return node;
    }
    return undefined;
  }

  elements(): readonly XmlElement[] {
    return this.#children.filter((node) => typeof node !== "string");
  }

  /** The payload of an iq. */
  get firstElement(): XmlElement | undefined {
    return this.#children.find((node) => typeof node !== "string");
  }

  /** Whether the bytes that were read may be passed on as they are. */
  get canonical(): boolean {
    return false;
  }
}

/** Builds an element. Attributes and children that are `undefined` are left out. */
export function xml(
  ns: string,
  name: string,
  attributes: AttributeChanges = {},
  ...children: readonly (XmlNode | undefined)[]
): XmlElement {
  return new XmlElement(
    ns,
    name,
    Object.entries(attributes).flatMap(([key, value]) =>
      value === undefined ? [] : [[attributeKey(key), value] as const],
    ),
    children.filter((node): node is XmlNode => node !== undefined && node !== ""),
  );
}

/** The same element with other attributes; children and their source are shared. */
export function withAttributes(element: XmlElement, changes: AttributeChanges): XmlElement {
  const changed = new Map<string, string | undefined>(
    Object.entries(changes).map(([key, value]) => [attributeKey(key), value]),
  );
  const attributes: (readonly [string, string])[] = [];
  for (const [name, value] of element.attributes) {
    const next = changed.has(name) ? changed.get(name) : value;
    if (next !== undefined) attributes.push([name, next]);
    changed.delete(name);
  }
  for (const [name, value] of changed) if (value !== undefined) attributes.push([name, value]);
  return new XmlElement(element.ns, element.name, attributes, element.children);
}

/** The same element with other children. */
export function withChildren(element: XmlElement, children: readonly XmlNode[]): XmlElement {
  return new XmlElement(element.ns, element.name, element.attributes, children);
}

function attributeKey(key: string): string {
  return key.startsWith(`{${NS_XML}}`) ? `xml:${key.slice(NS_XML.length + 2)}` : key;
}

/** Whether both are the same tree: names, namespaces, attributes in any order, children with adjacent text joined. */
export function equalElements(a: XmlElement, b: XmlElement): boolean {
  const pairs: [XmlElement, XmlElement][] = [[a, b]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [left, right] = pair;
    if (left.name !== right.name || left.ns !== right.ns) return false;
    const attributes = left.attributes;
    if (attributes.length !== right.attributes.length) return false;
    if (!attributes.every(([name, value]) => right.attr(name) === value)) return false;
    const leftNodes = joined(left.children);
    const rightNodes = joined(right.children);
    if (leftNodes.length !== rightNodes.length) return false;
    for (const [index, node] of leftNodes.entries()) {
      const other = rightNodes[index];
      if (typeof node === "string" || typeof other === "string") {
        if (node !== other) return false;
      } else if (other !== undefined) pairs.push([node, other]);
    }
  }
  return true;
}

function joined(nodes: readonly XmlNode[]): readonly XmlNode[] {
  const result: XmlNode[] = [];
  for (const node of nodes) {
    const last = result.at(-1);
    if (typeof node === "string" && typeof last === "string") result[result.length - 1] = last + node;
    else if (node !== "") result.push(node);
  }
  return result;
}
