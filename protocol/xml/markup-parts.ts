import {
  bytesOf,
  codePointOfBytes,
  codePointOfUnits,
  isNameCharacter,
  isNameStart,
  isXmlCharacter,
  ordinarySequencesEnd,
} from "./characters.ts";
import { XmlError } from "./fault.ts";

const COLON = 0x3a;
const HASH = 0x23;
const SEMICOLON = 0x3b;

/** The entities that need no declaration. XML 1.0 §4.6. */
const PREDEFINED = ["&amp;", "&lt;", "&gt;", "&apos;", "&quot;"] as const;

/**
 * The end of one character, or of several, that is neither ASCII nor known from a table.
 *
 * @throws {XmlError} when it is not UTF-8, half a surrogate pair, or no character of XML
 */
export function charactersEnd(text: string, at: number, inBytes: boolean): number {
  const run = inBytes ? ordinarySequencesEnd(text, at) : at;
  if (run > at) return run;
  const codePoint = inBytes ? codePointOfBytes(text, at) : codePointOfUnits(text, at);
  // [rfc6120-11.6-02] [rfc6120-11.6-03] [rfc6120-12-01]
  if (inBytes && codePoint < 0) throw new XmlError("unsupported-encoding", "not UTF-8");
  if (!isXmlCharacter(codePoint)) throw new XmlError("not-well-formed", "forbidden character");
  // [rfc6120-11.6-01]
  return at + lengthOf(codePoint, inBytes);
}

/**
 * The end of a qualified name, when it has a colon or characters beyond ASCII; -1 if the text ends before it does.
 *
 * @throws {XmlError} when it is no QName. Namespaces in XML 1.0 §4 [7].
 */
export function qualifiedNameEnd(text: string, from: number, inBytes: boolean): number {
  let partStart = from;
  let colons = 0;
  for (let at = from; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code === COLON && at > partStart && colons === 0) {
      colons++;
      partStart = ++at;
      continue;
    }
    const codePoint = inBytes ? codePointOfBytes(text, at) : codePointOfUnits(text, at);
    if (inBytes && codePoint < 0) throw new XmlError("unsupported-encoding", "not UTF-8");
    if (!(at === partStart ? isNameStart(codePoint) : isNameCharacter(codePoint))) {
      if (at === partStart || code === COLON) throw new XmlError("not-well-formed", "a name was expected");
      return at;
    }
    at += lengthOf(codePoint, inBytes);
  }
  return -1;
}

/**
 * The end of a reference that begins with the ampersand at `at`; -1 if the text ends before it does.
 *
 * @throws {XmlError} when it is none, or none that XMPP allows (RFC 6120 §11.1)
 */
export function referenceEnd(text: string, at: number, inBytes: boolean): number {
  for (const entity of PREDEFINED) if (text.startsWith(entity, at)) return at + entity.length;
  if (isCharacterReference(text, at)) return characterReferenceEnd(text, at);
  const end = at + 1 < text.length ? qualifiedNameEnd(text, at + 1, inBytes) : -1;
  if (end < 0) return -1;
  if (text.charCodeAt(end) !== SEMICOLON) throw new XmlError("not-well-formed", "ampersand that begins no reference");
  // [rfc6120-11.1-01] [rfc6120-11.1-03]
  throw new XmlError("restricted-xml", "entity reference");
}

/** Whether the reference at `at` goes by number. */
export function isCharacterReference(text: string, at: number): boolean {
  return text.charCodeAt(at + 1) === HASH;
}

function characterReferenceEnd(text: string, from: number): number {
  const hex = text.startsWith("x", from + 2);
  const digits = from + (hex ? 3 : 2);
  const radix = hex ? 16 : 10;
  let codePoint = 0;
  let at = digits;
  for (; at < text.length; at++) {
    const digit = digitOf(text.charCodeAt(at));
    if (digit >= radix) break;
    codePoint = Math.min(codePoint * radix + digit, 0x110000);
  }
  if (at >= text.length) return -1;
  if (at === digits || text.charCodeAt(at) !== SEMICOLON || !isXmlCharacter(codePoint)) {
    throw new XmlError("not-well-formed", "character reference to no character");
  }
  return at + 1;
}

/** Value of a hexadecimal digit, 16 for anything else. */
function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : 16;
}

function lengthOf(codePoint: number, inBytes: boolean): number {
  if (inBytes) return bytesOf(codePoint);
  return codePoint > 0xffff ? 2 : 1;
}
