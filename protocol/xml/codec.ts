import { base64Decode, base64Encode } from "./base64.ts";

/** What is wrong with an element, as the condition of the stanza error that tells its sender. RFC 6120 §8.3.3. */
export type ShapeCondition = "bad-request" | "jid-malformed" | "not-acceptable";

/** A value as it stands in an attribute or in character data. */
export interface Codec<T> {
  /** `undefined` when the text is not a value of this kind. */
  readonly decode: (text: string) => T | undefined;
  readonly encode: (value: T) => string;
  /** What to answer where `decode` refuses; "bad-request" if absent. */
  readonly refusal?: ShapeCondition;
}

/** Any text, as it is. */
export const text: Codec<string> = { decode: (value) => value, encode: (value) => value };

/** xs:boolean: `true`, `1`, `false`, `0`. Written as words. */
export const boolean: Codec<boolean> = {
  decode: (value) => {
    const trimmed = trimXmlSpace(value);
    if (trimmed === "true" || trimmed === "1") return true;
    return trimmed === "false" || trimmed === "0" ? false : undefined;
  },
  encode: (value) => (value ? "true" : "false"),
};

/** xs:integer within bounds, both included; the default is what xs:unsignedInt holds. */
export function integer(bounds: { readonly min?: number; readonly max?: number } = {}): Codec<number> {
  const { min = 0, max = 0xffff_ffff } = bounds;
  return {
    decode: (value) => {
      const trimmed = trimXmlSpace(value);
      if (!/^[+-]?[0-9]{1,20}$/.test(trimmed)) return undefined;
      const number = Number(trimmed);
      // "-0" is zero.
      return number >= min && number <= max && Number.isSafeInteger(number) ? number + 0 : undefined;
    },
    encode: (value) => {
      if (!Number.isSafeInteger(value) || value < min || value > max) throw new RangeError("integer out of its bounds");
      return String(value);
    },
  };
}

/** One of some words, exactly as they are spelt. */
export function oneOf<const Words extends readonly string[]>(...words: Words): Codec<Words[number]> {
  return { decode: (value) => words.find((word) => word === value), encode: (value) => value };
}

/** Octets in base 64 as RFC 4648 §4 has it: padded, canonical. White space around and in it is skipped, for XML is wrapped. */
export const base64: Codec<Uint8Array> = { decode: base64Decode, encode: base64Encode };

/** Removes white space as XML knows it from both ends, and no other. */
export function trimXmlSpace(value: string): string {
  return value.replace(/^[ \t\r\n]+/, "").replace(/[ \t\r\n]+$/, "");
}
