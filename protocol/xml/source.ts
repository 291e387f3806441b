/** How a CDATA section begins. XML 1.0 §2.7. */
export const CDATA_OPEN = "<![CDATA[";
/** How a CDATA section ends, and what must not stand in other character data. */
export const CDATA_CLOSE = "]]>";

/** Decodes a byte string that is known to be valid UTF-8. The edge gives it: there is no fast way to do it here. */
export type DecodeUtf8 = (bytes: string) => string;

/** The text that a tree was read from. Elements keep offsets into it and decode what is asked for. */
export class Source {
  /** From the first `<` of the outermost element to its last `>`; set when that has been read. */
  text = "";
  /** Absent when the text is UTF-16. */
  readonly decodeUtf8: DecodeUtf8 | undefined;

  constructor(decodeUtf8: DecodeUtf8 | undefined) {
    this.decodeUtf8 = decodeUtf8;
  }

  /** Where the four numbers of an attribute begin that is written with this name, see `ElementParts.offsets`; or -1. */
  attributeIndex(offsets: readonly number[], name: string): number {
    const length = name.length;
    for (let index = 0; index < offsets.length; index += 4) {
      const start = offsets[index] ?? 0;
      const end = offsets[index + 1] ?? 0;
      if (end - start === length && this.text.startsWith(name, start)) return index;
    }
    return -1;
  }

  /** The name of the attribute whose four numbers begin at `index`. */
  attributeName(offsets: readonly number[], index: number): string {
    return decodeRun(this.text.slice(offsets[index] ?? 0, offsets[index + 1] ?? 0), this.decodeUtf8);
  }

  /** The value of the attribute whose four numbers begin at `index`. */
  attribute(offsets: readonly number[], index: number): string {
    const start = offsets[index + 2] ?? 0;
    const end = offsets[index + 3] ?? 0;
    return end < 0 ? decodeAttributeValue(this.text.slice(start, ~end), this.decodeUtf8) : this.text.slice(start, end);
  }

  /** Character data with references, CDATA sections and line ends in it. */
  characterData(start: number, end: number): string {
    const raw = decodeRun(this.text.slice(start, end), this.decodeUtf8);
    let result = "";
    let from = 0;
    for (let open = raw.indexOf(CDATA_OPEN); open >= 0; open = raw.indexOf(CDATA_OPEN, from)) {
      const close = raw.indexOf(CDATA_CLOSE, open);
      result += withReferences(withLineEnds(raw.slice(from, open)));
      result += withLineEnds(raw.slice(open + CDATA_OPEN.length, close));
      from = close + CDATA_CLOSE.length;
    }
    return result + withReferences(withLineEnds(raw.slice(from)));
  }
}

/** What an attribute value means that is written like this. XML 1.0 §3.3.3, without a DTD. */
export function decodeAttributeValue(raw: string, decodeUtf8: DecodeUtf8 | undefined): string {
  return withReferences(decodeRun(raw, decodeUtf8).replaceAll(/\r\n|[\t\n\r]/g, " "));
}

/** A run without markup or references. */
export function decodeRun(raw: string, decodeUtf8: DecodeUtf8 | undefined): string {
  return decodeUtf8 === undefined || !/[\x80-\xff]/.test(raw) ? raw : decodeUtf8(raw);
}

/** XML 1.0 §2.11. */
function withLineEnds(text: string): string {
  return text.includes("\r") ? text.replaceAll(/\r\n?/g, "\n") : text;
}

function withReferences(text: string): string {
  return text.includes("&") ? text.replaceAll(/&(#?)(x?)([^;]*);/g, resolveReference) : text;
}

function resolveReference(_all: string, hash: string, hex: string, name: string): string {
  if (hash === "#") return String.fromCodePoint(parseInt(name, hex === "x" ? 16 : 10));
  switch (name) {
    case "lt":
      return "<";
    case "gt":
      return ">";
    case "amp":
      return "&";
    case "apos":
      return "'";
    default:
      return '"';
  }
}
