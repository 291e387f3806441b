/*
 * What a character may be, by the productions of XML 1.0, fifth edition: Char [2], S [3], NameStartChar [4],
 * NameChar [4a]. The colon is left out of names: it separates prefix and local name (Namespaces in XML 1.0 §4).
 *
 * One table serves one kind of input: of 256 entries for byte strings, where every byte from 0x80 up stops the scan so
 * that its UTF-8 sequence is looked at; of 65,536 for UTF-16, where only surrogates and non-characters do.
 */

/** Ends the plain part of character data. */
export const TEXT_STOP = 1;
/** Ends the plain part of an attribute value, whichever quotation mark it stands in. */
export const VALUE_STOP = 2;
/** May begin a name. */
export const NAME_START = 4;
/** May stand in a name. */
export const NAME = 8;

const NAME_START_RANGES = [
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
  [0xc0, 0xd6],
  [0xd8, 0xf6],
  [0xf8, 0x2ff],
  [0x370, 0x37d],
  [0x37f, 0x1fff],
  [0x200c, 0x200d],
  [0x2070, 0x218f],
  [0x2c00, 0x2fef],
  [0x3001, 0xd7ff],
  [0xf900, 0xfdcf],
  [0xfdf0, 0xfffd],
  [0x10000, 0xeffff],
] as const;

const NAME_ONLY_RANGES = [
  [0x2d, 0x2e],
  [0x30, 0x39],
  [0xb7, 0xb7],
  [0x300, 0x36f],
  [0x203f, 0x2040],
] as const;

/** Classes of the bytes of UTF-8. */
export const byteClasses: Uint8Array = makeClasses(0x100, 0x80);
/** Classes of the code units of UTF-16. */
export const unitClasses: Uint8Array = makeClasses(0x10000, 0x10000);

function makeClasses(size: number, lookedAtFrom: number): Uint8Array {
  const classes = new Uint8Array(size);
  for (let code = 0; code < size; code++) {
    const character = String.fromCharCode(code);
    const unknown = code >= lookedAtFrom || !isXmlCharacter(code);
    let bits = 0;
    if (unknown || "\r<&]".includes(character)) bits |= TEXT_STOP;
    if (unknown || code < 0x20 || "<>&'\"".includes(character)) bits |= VALUE_STOP;
    if (!unknown && isNameStart(code)) bits |= NAME_START;
    if (!unknown && isNameCharacter(code)) bits |= NAME;
    classes[code] = bits;
  }
  return classes;
}

/** Char [2]. A lone surrogate is none. */
export function isXmlCharacter(codePoint: number): boolean {
  return codePoint >= 0x20
    ? codePoint < 0xd800 || (codePoint > 0xdfff && codePoint < 0xfffe) || (codePoint > 0xffff && codePoint < 0x110000)
    : codePoint === 0x9 || codePoint === 0xa || codePoint === 0xd;
}

/** NameStartChar [4] without the colon. */
export function isNameStart(codePoint: number): boolean {
  return NAME_START_RANGES.some(([first, last]) => codePoint >= first && codePoint <= last);
}

/** NameChar [4a] without the colon. */
export function isNameCharacter(codePoint: number): boolean {
  return isNameStart(codePoint) || NAME_ONLY_RANGES.some(([first, last]) => codePoint >= first && codePoint <= last);
}

/** S [3]. */
export function isXmlSpace(code: number): boolean {
  return code === 0x20 || code === 0xa || code === 0xd || code === 0x9;
}

/**
 * The code point whose UTF-8 sequence begins at `at` in a byte string; -1 if there is none: overlong forms, surrogates,
 * code points over U+10FFFF, stray or missing continuation bytes. RFC 3629 §4.
 */
export function codePointOfBytes(bytes: string, at: number): number {
  const lead = bytes.charCodeAt(at);
  if (lead < 0x80) return lead;
  if (lead < 0xc2 || lead > 0xf4) return -1;
  const second = continuation(bytes, at + 1);
  if (second < 0) return -1;
  if (lead < 0xe0) return ((lead & 0x1f) << 6) | second;
  const third = continuation(bytes, at + 2);
  if (third < 0) return -1;
  if (lead < 0xf0) {
    const codePoint = ((lead & 0xf) << 12) | (second << 6) | third;
    return codePoint < 0x800 || (codePoint >= 0xd800 && codePoint <= 0xdfff) ? -1 : codePoint;
  }
  const fourth = continuation(bytes, at + 3);
  if (fourth < 0) return -1;
  const codePoint = ((lead & 0x7) << 18) | (second << 12) | (third << 6) | fourth;
  return codePoint < 0x10000 || codePoint > 0x10ffff ? -1 : codePoint;
}

function continuation(bytes: string, at: number): number {
  if (at >= bytes.length) return -1;
  const code = bytes.charCodeAt(at);
  return code >= 0x80 && code < 0xc0 ? code & 0x3f : -1;
}

/** The code point at `at` in a UTF-16 string; -1 for a surrogate without its other half. */
export function codePointOfUnits(units: string, at: number): number {
  const codePoint = units.codePointAt(at) ?? -1;
  return codePoint >= 0xd800 && codePoint <= 0xdfff ? -1 : codePoint;
}

/** How many bytes of UTF-8 a code point takes. */
export function bytesOf(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}
