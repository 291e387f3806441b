import { NAME_START, byteTables, isNameCharacter, isNameStart } from "./characters.ts";
import { APPENDED, DECLARES, type ElementParts, INNER_CANONICAL, TAG_CANONICAL, partsOf } from "./element-parts.ts";
import type { XmlElement, XmlNode } from "./element.ts";
import { escapeAttribute, escapeText } from "./escape.ts";
import { XmlError } from "./fault.ts";
import { NS_CLIENT, NS_DIALBACK, NS_STREAM, NS_XML, NS_XMLNS } from "./namespaces.ts";
import { type Source, decodeRun } from "./source.ts";
import { encodeUtf8 } from "./utf8.ts";

/**
 * Writes an element, with everything that the reader would refuse kept out.
 *
 * What was read and is canonical is passed on as it stands in its source; only the start tag is written anew where it
 * has to be. Anything else is written from the tree.
 *
 * @param inherited default namespace where the element will stand: `jabber:client` in streams, whatever their content
 *   namespace is on the wire (RFC 6120 §4.8.3, re-scoping); "" where it is a document of its own, as in WebSocket frames
 * @throws {XmlError} when a name, a namespace or a character cannot be written
 */
export function serialize(element: XmlElement, inherited: string = NS_CLIENT): string {
  return write(element, inherited, false);
}

/** As {@link serialize}, as a byte string: one character for each byte of UTF-8. */
export function serializeBytes(element: XmlElement, inherited: string = NS_CLIENT): string {
  return write(element, inherited, true);
}

/** Children that are being written, and what comes after them. */
interface Level {
  readonly nodes: readonly XmlNode[];
  readonly scope: string;
  readonly close: string;
  next: number;
}

function write(root: XmlElement, inherited: string, bytes: boolean): string {
  const streamBound = inherited !== "";
  const levels: Level[] = [];
  let out = writeElement(root, inherited, streamBound, bytes, levels);
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const node = level.nodes[level.next++];
    if (node === undefined) {
      out += level.close;
      levels.pop();
    } else if (typeof node === "string") {
      const text = escapeText(node);
      out += bytes ? encodeUtf8(text) : text;
    } else out += writeElement(node, level.scope, streamBound, bytes, levels);
  }
  return out;
}

/** Writes all of an element, or its start tag and leaves the children as another level. */
function writeElement(
  element: XmlElement,
  inherited: string,
  streamBound: boolean,
  bytes: boolean,
  levels: Level[],
): string {
  const parts = partsOf(element);
  const { ns, source, flags } = parts;
  const declares = (flags & DECLARES) !== 0;
  if (source !== undefined && element.canonical && (ns !== inherited) === declares) {
    return fromSource(source, parts.start, parts.end, bytes);
  }
  const prefix = prefixOf(ns, inherited, levels.length === 0);
  const name = checkedName(parts);
  const tag = prefix + (bytes ? encodeUtf8(name) : name);
  let head = `<${tag}`;
  if (prefix === "stream:" && !streamBound) head += ` xmlns:stream='${NS_STREAM}'`;
  // Only on the first level, where old peers want it: written again at each depth, it would be more than a reader takes.
  if (prefix === "db:") head += ` xmlns:db='${NS_DIALBACK}'`;
  // [rfc6120-4.8.5-08] [rfc6120-8.4-02] [rfc6120-11.3-03]
  if (prefix === "" && ns !== inherited) head += ` xmlns='${defaultNamespace(ns, bytes)}'`;
  head += writeAttributes(parts, bytes);
  if (source !== undefined && (flags & INNER_CANONICAL) !== 0 && prefix === "") {
    if ((flags & APPENDED) !== 0) {
      levels.push({ nodes: parts.kids.slice(-1), scope: ns, close: `</${tag}>`, next: 0 });
      return `${head}>${fromSource(source, parts.innerStart, parts.innerEnd, bytes)}`;
    }
    if (parts.innerEnd === parts.innerStart) return `${head}/>`;
    return `${head}>${fromSource(source, parts.innerStart, parts.innerEnd, bytes)}</${tag}>`;
  }
  const children = element.children;
  if (children.length === 0) return `${head}/>`;
  const scope = prefix === "" ? ns : inherited;
  levels.push({ nodes: children, scope, close: `</${tag}>`, next: 0 });
  return `${head}>`;
}

function writeAttributes(parts: ElementParts, bytes: boolean): string {
  const { source, offsets, entries } = parts;
  let out = "";
  if (source !== undefined && offsets.length > 0) {
    if ((parts.flags & TAG_CANONICAL) !== 0) out += attributesFromSource(source, offsets, bytes);
    else {
      for (let index = 0; index < offsets.length; index += 4) {
        out += writeAttribute(source.attributeName(offsets, index), source.attribute(offsets, index), bytes);
      }
    }
  }
  let prefixes = 0;
  for (const [name, value] of entries) {
    if (name.startsWith("{")) out += writePrefixed(name, value, `ns${++prefixes}`, bytes);
    else out += writeAttribute(checkedAttributeName(name), value, bytes);
  }
  return out;
}

/** Attributes that stand next to one another in the source are passed on together. */
function attributesFromSource(source: Source, offsets: readonly number[], bytes: boolean): string {
  let out = "";
  let start = offsets[0] ?? 0;
  for (let index = 0; index < offsets.length; index += 4) {
    const valueEnd = offsets[index + 3] ?? 0;
    const end = (valueEnd < 0 ? ~valueEnd : valueEnd) + 1;
    const next = offsets[index + 4];
    if (next === end + 1) continue;
    out += ` ${fromSource(source, start, end, bytes)}`;
    start = next ?? 0;
  }
  return out;
}

function writeAttribute(name: string, value: string, bytes: boolean): string {
  const escaped = escapeAttribute(value);
  return bytes ? ` ${encodeUtf8(name)}='${encodeUtf8(escaped)}'` : ` ${name}='${escaped}'`;
}

function writePrefixed(name: string, value: string, prefix: string, bytes: boolean): string {
  // A namespace may have braces in it, a name has none.
  const close = name.lastIndexOf("}");
  const ns = name.slice(1, close);
  const local = name.slice(close + 1);
  if (close < 0 || !isName(local) || ns === "" || ns === NS_XML || ns === NS_XMLNS) throw cannotWrite("attribute name");
  // [rfc6120-8.4-05]
  return writeAttribute(`xmlns:${prefix}`, ns, bytes) + writeAttribute(`${prefix}:${local}`, value, bytes);
}

/** A part of the source in the encoding of the output. */
function fromSource(source: Source, start: number, end: number, bytes: boolean): string {
  const part = source.text.slice(start, end);
  if (source.decodeUtf8 === undefined) return bytes ? encodeUtf8(part) : part;
  return bytes ? part : decodeRun(part, source.decodeUtf8);
}

/** Only what is not of the content has one. [rfc6120-4.8.5-03] */
function prefixOf(ns: string, inherited: string, first: boolean): string {
  if (ns === inherited) return "";
  if (ns === NS_STREAM) return "stream:"; // [rfc3920-11.2.1-03] [rfc3920-11.2.1-04]
  // COMPAT older servers look for this very prefix. [xep0220-2-01]
  if (ns === NS_DIALBACK && first) return "db:";
  return ns === NS_XML ? "xml:" : ""; // [rfc3920-11.2.2-06]
}

function defaultNamespace(ns: string, bytes: boolean): string {
  if (ns === NS_XMLNS) throw cannotWrite("namespace");
  const written = escapeAttribute(ns);
  return bytes ? encodeUtf8(written) : written;
}

function checkedName(parts: ElementParts): string {
  // Names that were read have been checked, and withAttributes, withChildren keep them. [rfc6120-11.1-02]
  if (parts.source === undefined && !isName(parts.name)) throw cannotWrite("element name");
  return parts.name;
}

function checkedAttributeName(name: string): string {
  const local = name.startsWith("xml:") ? name.slice(4) : name;
  if (!isName(local) || name === "xmlns") throw cannotWrite("attribute name");
  return name;
}

/** NCName, Namespaces in XML 1.0 §3 [4]. */
function isName(name: string): boolean {
  const names = byteTables.name;
  let at = 0;
  while (at < name.length && (names[name.charCodeAt(at)] ?? 0) !== 0) at++;
  if (at === name.length) return names[name.charCodeAt(0)] === NAME_START;
  const [first = "", ...rest] = name;
  return (
    isNameStart(first.codePointAt(0) ?? 0) && rest.every((character) => isNameCharacter(character.codePointAt(0) ?? 0))
  );
}

function cannotWrite(what: string): XmlError {
  return new XmlError("not-well-formed", `an ${what} that XML does not allow would be written`);
}
