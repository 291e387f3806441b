/*
 * What a character may be, by the productions of XML 1.0, fifth edition: Char [2], S [3], NameStartChar [4],
 * NameChar [4a]. The colon is left out of names: it separates prefix and local name (Namespaces in XML 1.0 §4).
 */

type Range = readonly [first: number, last: number];

const NAME_START_RANGES: readonly Range[] = [
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
];

const NAME_ONLY_RANGES: readonly Range[] = [
  [0x2d, 0x2e],
  [0x30, 0x39],
  [0xb7, 0xb7],
  [0x300, 0x36f],
  [0x203f, 0x2040],
];

/** In {@link CharacterTables.name}. */
export const NAME_START = 1;

/**
 * What the reader does with the characters of one kind of input, a number each: bytes of UTF-8, of which those from 0x80
 * up have to be looked at together, or code units of UTF-16, where that is so of surrogates only.
 *
 * A table for each question, not a table of bits: asking for zero is a third faster in the loops that do nothing else.
 */
export interface CharacterTables {
  /** 0: plain character data. */
  readonly text: Uint8Array;
  /** 0: plain in attribute values, whichever quotation mark they stand in. */
  readonly value: Uint8Array;
  /** 0: not in names, or to be looked at; {@link NAME_START}: anywhere in them; 2: not at their beginning. */
  readonly name: Uint8Array;
  /** Finds what is not plain character data: in long texts faster than a loop. Each reader has its own, it has state. */
  readonly textStop: () => RegExp;
}

export const byteTables: CharacterTables = makeTables(0x80, 0x100, () => /[^\t\n\x20-%'-;=-\\^-\x7f]/g);

export const unitTables: CharacterTables = makeTables(
  0x10000,
  0x10000,
  () => /[^\t\n\x20-%'-;=-\\^-\ud7ff\ue000-\ufffd]/g,
);

function makeTables(plainEnd: number, size: number, textStop: () => RegExp): CharacterTables {
  const text = new Uint8Array(size).fill(1);
  const value = new Uint8Array(size).fill(1);
  const name = new Uint8Array(size);
  for (const table of [text, value]) {
    table.fill(0, 0x20, plainEnd);
    if (plainEnd > 0xd800) table.fill(1, 0xd800, 0xe000).fill(1, 0xfffe, 0x10000);
  }
  mark(text, "\t\n", 0);
  mark(text, "<&]", 1);
  mark(value, "<>&'\"", 1);
  for (const [first, last] of NAME_START_RANGES) name.fill(NAME_START, first, Math.min(last + 1, plainEnd));
  for (const [first, last] of NAME_ONLY_RANGES) name.fill(2, first, Math.min(last + 1, plainEnd));
  return { text, value, name, textStop };
}

function mark(table: Uint8Array, characters: string, kind: number): void {
  for (let index = 0; index < characters.length; index++) table[characters.charCodeAt(index)] = kind;
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

/**
 * The end of a run of UTF-8 sequences of two and three bytes, as far as a look at the single bytes tells that they are
 * well-formed characters of XML; `from` if there is none. Texts in most scripts are made of these.
 */
export function ordinarySequencesEnd(bytes: string, from: number): number {
  const last = bytes.length - 2;
  let at = from;
  while (at < last) {
    const lead = bytes.charCodeAt(at);
    if (lead < 0xc2 || lead > 0xee || lead === 0xe0 || lead === 0xed) return at;
    if ((bytes.charCodeAt(at + 1) & 0xc0) !== 0x80) return at;
    if (lead < 0xe0) at += 2;
    else if ((bytes.charCodeAt(at + 2) & 0xc0) === 0x80) at += 3;
    else return at;
  }
  return at;
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
