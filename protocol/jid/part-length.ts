import { utf8Length } from "./utf8-length.ts";

/** RFC 7622 §3.1: each part of an address, in canonical form and UTF-8. */
export const partOctetsMax = 1023;

/**
 * The most UTF-16 units of a part worth preparing. Preparation shrinks three units to two octets at best (ǖ spelt as
 * u and two marks), so nothing longer ends within the limit.
 */
export const partInputUnitsMax = 2 * partOctetsMax;

/** Marks take two octets or more, and at most three of those that follow a letter go up in it. */
const marksInRowMax = partOctetsMax / 2 + 3;
const tooManyMarks = new RegExp(`\\p{M}{${Math.ceil(marksInRowMax)}}`, "u");

/**
 * Whether a part is short enough to be worth preparing: nobody can make us normalise a novel, nor sort two thousand
 * marks on one letter, which takes quadratic time. What this refuses would be too long in the end.
 */
export function isPreparable(part: string): boolean {
  return part.length <= partInputUnitsMax && !(part.length > marksInRowMax && tooManyMarks.test(part));
}

/** `part` if it is within the limit. */
export function withinPartLength(part: string): string | undefined {
  return part !== "" && utf8Length(part) <= partOctetsMax ? part : undefined;
}
