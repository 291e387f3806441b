import type { XmlAttribute, XmlElement, XmlNode } from "./element.ts";
import type { Source } from "./source.ts";

/** No reference, CDATA section, carriage return or (in byte strings) non-ASCII character in the direct character data. */
export const PLAIN_TEXT = 1;
/** What stands between start tag and end tag may be passed on as it is, wherever the namespace of the element is in scope. */
export const INNER_CANONICAL = 2;
/** The start tag is written as we would write it: single spaces, no character references, no prefixes but `xml`. */
export const TAG_CANONICAL = 4;
/** The start tag declares a default namespace. */
export const DECLARES = 8;
/** The attributes or the children are no longer those of the source. */
export const CHANGED = 16;
/** The last child stands behind the inside that was read, and is not of its source. */
export const APPENDED = 32;

/** The inside of an element: the reader fills it in until the end tag, afterwards nobody changes it. */
export interface ElementParts {
  readonly ns: string;
  readonly name: string;
  /** What the offsets count in; `undefined` for an element that was built. */
  readonly source: Source | undefined;
  /**
   * Attributes that stand in the source, four numbers each: start and end of the name, start and end of the value. The
   * end is complemented (`~end`) when the value is not what it means: references, white space, bytes of UTF-8.
   */
  readonly offsets: readonly number[];
  /** Attributes that do not, or have a prefix other than `xml`. */
  readonly entries: readonly XmlAttribute[];
  /** Child elements. */
  kids: XmlElement[];
  /** All children; for an element that was read they are made when first asked for. */
  nodes: readonly XmlNode[] | undefined;
  readonly start: number;
  /** Where the start tag ends. */
  readonly innerStart: number;
  /** Where the end tag begins. */
  innerEnd: number;
  end: number;
  flags: number;
}

/** For the reader, the serialiser and what makes elements out of others. */
export function partsOf(element: XmlElement): ElementParts {
  // The same object with its private side turned out. The fields are declared private, and under the same names.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return element as unknown as ElementParts;
}
