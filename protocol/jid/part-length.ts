import { utf8Length } from "./utf8-length.ts";

/** RFC 7622 §3.1: each part of an address, in canonical form and UTF-8. */
export const partOctetsMax = 1023;

/**
 * The most UTF-16 units of a part worth preparing. Preparation shrinks three units to two octets at best (ǖ spelt as
 * u and two marks), so nothing longer ends within the limit, and nobody can make us normalise a novel.
 */
export const partInputUnitsMax = 2 * partOctetsMax;

/** `part` if it is within the limit. */
export function withinPartLength(part: string): string | undefined {
  return part !== "" && utf8Length(part) <= partOctetsMax ? part : undefined;
}
