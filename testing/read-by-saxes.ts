import { type SaxesAttributeNS, SaxesParser } from "saxes";
import { NS_CLIENT, NS_SERVER } from "#protocol/xml/namespaces.ts";
import type { PlainElement } from "#protocol/xml/recorded-stream.ts";

interface Growing {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: (Growing | string)[];
}

/**
 * The tree that saxes, another strict parser, reads in a document; `undefined` when it or XMPP refuses.
 *
 * Where saxes 6 is known, from its source, not to do as XML 1.0 and Namespaces in XML 1.0 say, it is set right here:
 *
 * - It takes white space, also that of Unicode, off namespace names. They are compared as they are (§2.3).
 * - Behind a colon it takes any character of a name, also those that begin none (§4 [11]).
 * - It takes a byte order mark off, where XMPP has a character like any other. RFC 6120 §11.6.
 * - It does not look for half a surrogate pair; no text in here has one.
 */
export function readBySaxes(text: string): PlainElement | undefined {
  const parser = new SaxesParser({ xmlns: true });
  const open: Growing[] = [];
  let root: Growing | undefined;
  let refused = text.startsWith("\ufeff");
  /** Whether the declaration that is being read is judged here. */
  let judged = false;
  let namespaces: Record<string, string> = {};
  parser.on("error", ({ message }) => (refused ||= !(judged && ofDeclarations.test(message))));
  // Refused by RFC 6120 §11.1 and §11.6; saxes would allow them.
  parser.on("comment", () => (refused = true));
  parser.on("processinginstruction", () => (refused = true));
  parser.on("doctype", () => (refused = true));
  parser.on("xmldecl", ({ encoding = "UTF-8", version = "1.0" }) => {
    refused ||= version !== "1.0" || !/^utf-8$/iu.test(encoding);
  });
  parser.on("opentagstart", (tag) => (namespaces = tag.ns ?? {}));
  parser.on("attribute", (attribute) => {
    const declared = declaredPrefix(attribute);
    const { value } = attribute;
    judged = declared !== undefined && value.trim() !== value;
    if (declared === undefined || !judged) return;
    const drop = (_trimmed: string): void => undefined;
    Object.defineProperty(namespaces, declared, { configurable: true, get: () => value, set: drop });
    // No namespace that is reserved begins or ends with white space.
    refused ||= declared === "xml" || declared === "xmlns";
  });
  parser.on("opentag", (tag) => {
    judged = false;
    // [rfc6120-4.8.5-04]
    refused ||= tag.prefix !== "" && (tag.uri === NS_CLIENT || tag.uri === NS_SERVER);
    refused ||= [tag, ...Object.values(tag.attributes)].some(({ local }) => beginsNoName.test(local));
    const attributes = Object.values(tag.attributes)
      .filter((attribute) => declaredPrefix(attribute) === undefined)
      .map(({ prefix, uri, local, value }): [string, string] => [
        uri === "" ? local : prefix === "xml" ? `xml:${local}` : `{${uri}}${local}`,
        value,
      ])
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    const element = { name: `{${tag.uri}}${tag.local}`, attributes: Object.fromEntries(attributes), children: [] };
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on("closetag", () => open.pop());
  const addText = (data: string): void => {
    const children = open.at(-1)?.children;
    if (children === undefined || data === "") return;
    const last = children.at(-1);
    if (typeof last === "string") children[children.length - 1] = last + data;
    else children.push(data);
  };
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.write(text).close();
  return refused ? undefined : root;
}

/** What saxes says of a declaration; of one that it has trimmed it may be wrong. */
const ofDeclarations = /undefine prefix|must be bound to|may not be set to|may not assign/u;

/** Characters of names that none begins with. Namespaces in XML 1.0 §4, XML 1.0 §2.3 [4a]. */
const beginsNoName = /^(?:[-.\d\u{b7}\u{203f}\u{2040}]|[\u{300}-\u{36f}])/u;

/** The prefix that an attribute declares, "" for the default namespace. */
function declaredPrefix({
  local,
  name,
  prefix,
}: Pick<SaxesAttributeNS, "local" | "name" | "prefix">): string | undefined {
  return prefix === "xmlns" ? local : name === "xmlns" ? "" : undefined;
}
