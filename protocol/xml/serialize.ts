import { type XmlElement } from "./element.ts";
import { NS_CLIENT, NS_STREAM } from "./namespaces.ts";

/** Writes an element as text. `inherited` is the default namespace in scope where it will stand. */
export function serialize(element: XmlElement, inherited: string = NS_CLIENT): string {
  let out = "";
  const work: (string | { readonly element: XmlElement; readonly inherited: string })[] = [{ element, inherited }];
  for (let item = work.pop(); item !== undefined; item = work.pop()) {
    if (typeof item === "string") {
      out += item;
      continue;
    }
    const { element: e } = item;
    const prefixed = e.ns === NS_STREAM && item.inherited !== NS_STREAM;
    const tag = prefixed ? `stream:${e.name}` : e.name;
    out += `<${tag}`;
    if (!prefixed && e.ns !== item.inherited) out += ` xmlns='${escapeAttribute(e.ns)}'`;
    let generated = 0;
    for (const [name, value] of e.attributes) {
      if (name.startsWith("{")) {
        const end = name.indexOf("}");
        const prefix = `ns${++generated}`;
        out += ` xmlns:${prefix}='${escapeAttribute(name.slice(1, end))}' ${prefix}:${name.slice(end + 1)}='${escapeAttribute(value)}'`;
      } else out += ` ${name}='${escapeAttribute(value)}'`;
    }
    if (e.children.length === 0) {
      out += "/>";
      continue;
    }
    out += ">";
    work.push(`</${tag}>`);
    const scope = prefixed ? item.inherited : e.ns;
    for (const child of e.children.toReversed()) {
      work.push(typeof child === "string" ? escapeText(child) : { element: child, inherited: scope });
    }
  }
  return out;
}

/** The same as {@link serialize}, as a byte string (one character per byte of UTF-8). */
export function serializeBytes(element: XmlElement, inherited: string = NS_CLIENT): string {
  return encodeUtf8(serialize(element, inherited));
}

/** Escapes character data. */
export function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\r", "&#13;");
}

/** Escapes an attribute value for either kind of quotation mark. */
export function escapeAttribute(value: string): string {
  return escapeText(value)
    .replaceAll("'", "&apos;")
    .replaceAll('"', "&quot;")
    .replaceAll("\t", "&#9;")
    .replaceAll("\n", "&#10;");
}

function encodeUtf8(text: string): string {
  let out = "";
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) out += character;
    else if (code < 0x800) out += String.fromCharCode(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) {
      out += String.fromCharCode(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    } else {
      out += String.fromCharCode(
        0xf0 | (code >> 18),
        0x80 | ((code >> 12) & 63),
        0x80 | ((code >> 6) & 63),
        0x80 | (code & 63),
      );
    }
  }
  return out;
}
