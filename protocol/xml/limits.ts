import { XmlError } from "./fault.ts";

/** Bounds of what one peer may make us hold. Each is checked before the memory is spent. */
export interface XmlLimits {
  /** Bytes (or UTF-16 code units) of one first-level element, from `<` to the last `>`. */
  readonly elementBytesMax: number;
  /** Bytes (or UTF-16 code units) of XML declaration and stream header together. */
  readonly headerBytesMax: number;
  /** Elements within one another; a stanza itself is at depth 1. */
  readonly depthMax: number;
  /** Attributes of one element, namespace declarations included. */
  readonly attributesMax: number;
  /** Prefix declarations in scope at one place, those of the stream header included. */
  readonly namespacesMax: number;
  /** Bytes (or UTF-16 code units) of one qualified name. */
  readonly nameLengthMax: number;
  /** Child elements of one element. */
  readonly childrenMax: number;
  /** Elements in one first-level element, itself included: an object is many times the four bytes of `<a/>`. */
  readonly elementsMax: number;
}

export const defaultXmlLimits: XmlLimits = {
  elementBytesMax: 262_144,
  headerBytesMax: 8_192,
  depthMax: 64,
  attributesMax: 32,
  namespacesMax: 32,
  nameLengthMax: 256,
  childrenMax: 10_000,
  elementsMax: 20_000,
};

/** For what has been read or built before, and is read again. */
export const unboundedXmlLimits: XmlLimits = {
  elementBytesMax: Infinity,
  headerBytesMax: Infinity,
  depthMax: Infinity,
  attributesMax: Infinity,
  namespacesMax: Infinity,
  nameLengthMax: Infinity,
  childrenMax: Infinity,
  elementsMax: Infinity,
};

/** The fault of a peer that goes over a bound. */
export function exceeded(bound: keyof XmlLimits): XmlError {
  return new XmlError("policy-violation", `${bound} exceeded`);
}
