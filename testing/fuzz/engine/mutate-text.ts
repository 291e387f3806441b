import type { Mutate, Mutation } from "./mutation.ts";

/** Code points at which rules about letters change their minds; each is one of many of its kind. */
const oddCodePoints: readonly number[] = [
  0x00, 0x20, 0x2e, 0x2f, 0x40, 0x5c, 0x7f, 0x80, 0xa0, 0xad, 0xb7, 0xdf, 0xe9, 0x130, 0x131, 0x149, 0x1c5, 0x2b9,
  0x300, 0x301, 0x345, 0x375, 0x3a3, 0x3c2, 0x3c3, 0x5d0, 0x5f3, 0x627, 0x640, 0x660, 0x661, 0x6f0, 0x6f1, 0x94d,
  0x1100, 0x1161, 0x11a8, 0x1e9e, 0x200b, 0x200c, 0x200d, 0x200e, 0x202e, 0x2044, 0x2100, 0x212a, 0x2126, 0x2160,
  0x3000, 0x3002, 0x302e, 0x30fb, 0x3131, 0x31c0, 0x3400, 0x4e00, 0xac00, 0xd800, 0xdfff, 0xe000, 0xf900, 0xfb01,
  0xfdd0, 0xfe0e, 0xfeff, 0xff0e, 0xff0f, 0xff20, 0xff21, 0xff61, 0xff76, 0xffa0, 0xfffd, 0xfffe, 0xffff, 0x10400,
  0x1d400, 0x1e900, 0x1f600, 0x1f1e6, 0x20000, 0x2f868, 0x2fa1d, 0xe0001, 0xe0100, 0xf0000, 0x10ffff,
];

/** Changes to a text of any script, in UTF-8. */
export const textMutations: readonly Mutate[] = [
  (input, mutation) => insert(input, mutation, utf8(mutation.random.pick(oddCodePoints) ?? 0)),
  (input, mutation) => insert(input, mutation, utf8(mutation.random.below(0x3000))),
  (input, mutation) => insert(input, mutation, utf8(mutation.random.below(0x110000))),
  (input, mutation) => insert(input, mutation, near(mutation)),
  (input, mutation) => {
    const characters = charactersOf(input);
    characters.splice(mutation.random.below(characters.length), 1);
    return characters.join("");
  },
  (input, mutation) => {
    const characters = charactersOf(input);
    const at = mutation.random.below(characters.length);
    characters[at] = utf8(mutation.random.pick(oddCodePoints) ?? 0);
    return characters.join("");
  },
  (input, mutation) => {
    const characters = charactersOf(input);
    const from = mutation.random.below(characters.length);
    const piece = characters.slice(from, from + mutation.random.length(16)).join("");
    return insert(input, mutation, piece.repeat(mutation.random.oneIn(6) ? mutation.random.length(300) : 1));
  },
];

function near({ random }: Mutation): string {
  return utf8(Math.min(0x10ffff, (random.pick(oddCodePoints) ?? 0) + random.below(64)));
}

function insert(input: string, { random }: Mutation, text: string): string {
  const characters = charactersOf(input);
  characters.splice(random.below(characters.length + 1), 0, text);
  return characters.join("");
}

/** Sequences of UTF-8, whatever is none byte by byte. */
function charactersOf(input: string): string[] {
  return input.match(/[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}|[^]/gu) ?? [];
}

/** The bytes of a code point, also of a surrogate, which has none by the rules. */
function utf8(code: number): string {
  const tail = (shift: number): number => 0x80 | ((code >> shift) & 0x3f);
  if (code < 0x80) return String.fromCharCode(code);
  if (code < 0x800) return String.fromCharCode(0xc0 | (code >> 6), tail(0));
  if (code < 0x10000) return String.fromCharCode(0xe0 | (code >> 12), tail(6), tail(0));
  return String.fromCharCode(0xf0 | (code >> 18), tail(12), tail(6), tail(0));
}
