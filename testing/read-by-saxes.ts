import { SaxesParser } from "saxes";
import { NS_CLIENT, NS_SERVER } from "#protocol/xml/namespaces.ts";
import type { PlainElement } from "#protocol/xml/recorded-stream.ts";

interface Growing {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: (Growing | string)[];
}

/** The tree that saxes, another strict parser, reads in a document; `undefined` when it or XMPP refuses. */
export function readBySaxes(text: string): PlainElement | undefined {
  const parser = new SaxesParser({ xmlns: true });
  const open: Growing[] = [];
  let root: Growing | undefined;
  let refused = false;
  parser.on("error", () => (refused = true));
  // Refused by RFC 6120 §11.1 and §11.6; saxes would allow them.
  parser.on("comment", () => (refused = true));
  parser.on("processinginstruction", () => (refused = true));
  parser.on("doctype", () => (refused = true));
  parser.on("xmldecl", ({ encoding = "UTF-8", version = "1.0" }) => {
    refused ||= version !== "1.0" || !/^utf-8$/iu.test(encoding);
  });
  parser.on("opentag", (tag) => {
    // [rfc6120-4.8.5-04]
    refused ||= tag.prefix !== "" && (tag.uri === NS_CLIENT || tag.uri === NS_SERVER);
    // Behind a colon saxes takes any character of a name, also those that begin none (Namespaces in XML 1.0 §4).
    refused ||= [tag, ...Object.values(tag.attributes)].some(({ local }) =>
      /^(?:[-.\d\u{b7}\u{203f}\u{2040}]|[\u{300}-\u{36f}])/u.test(local),
    );
    const attributes = Object.values(tag.attributes)
      .filter(({ name, prefix }) => name !== "xmlns" && prefix !== "xmlns")
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
