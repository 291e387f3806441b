import type { Mutate, Mutation } from "./mutation.ts";

/** Bytes at which formats and programs change their minds. */
const oddBytes = [0x00, 0x01, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x26, 0x27, 0x2f, 0x3c, 0x3e, 0x7f, 0x80, 0xc0, 0xe0, 0xff];

/** Changes that know nothing of what the bytes mean. */
export const byteMutations: readonly Mutate[] = [
  flipBit,
  setByte,
  insertByte,
  removeRange,
  repeatRange,
  moveRange,
  insertWord,
  overwriteWithWord,
  insertFromOther,
  crossOver,
  changeNumber,
];

function range(input: string, { random }: Mutation): readonly [from: number, to: number] {
  const from = random.below(input.length);
  return [from, Math.min(input.length, from + random.length(input.length))];
}

function put(input: string, from: number, to: number, text: string): string {
  return input.slice(0, from) + text + input.slice(to);
}

function flipBit(input: string, { random }: Mutation): string {
  const at = random.below(input.length);
  return put(input, at, at + 1, String.fromCharCode((input.charCodeAt(at) || 0) ^ (1 << random.below(8))));
}

function setByte(input: string, mutation: Mutation): string {
  const at = mutation.random.below(input.length);
  return put(input, at, at + 1, anyByte(mutation));
}

function insertByte(input: string, mutation: Mutation): string {
  const at = mutation.random.below(input.length + 1);
  return put(input, at, at, anyByte(mutation).repeat(mutation.random.oneIn(8) ? mutation.random.length(64) : 1));
}

function anyByte({ random }: Mutation): string {
  return String.fromCharCode(random.oneIn(2) ? (random.pick(oddBytes) ?? 0) : random.below(256));
}

function removeRange(input: string, mutation: Mutation): string {
  return put(input, ...range(input, mutation), "");
}

function repeatRange(input: string, mutation: Mutation): string {
  const [from, to] = range(input, mutation);
  const times = mutation.random.oneIn(8) ? mutation.random.length(40) : 1;
  return put(input, to, to, input.slice(from, to).repeat(times));
}

function moveRange(input: string, mutation: Mutation): string {
  const [from, to] = range(input, mutation);
  const rest = put(input, from, to, "");
  const at = mutation.random.below(rest.length + 1);
  return put(rest, at, at, input.slice(from, to));
}

function insertWord(input: string, { random, words }: Mutation): string {
  const at = random.below(input.length + 1);
  return put(input, at, at, random.pick(words) ?? "");
}

function overwriteWithWord(input: string, { random, words }: Mutation): string {
  const word = random.pick(words) ?? "";
  const at = random.below(input.length + 1);
  return put(input, at, at + word.length, word);
}

function insertFromOther(input: string, mutation: Mutation): string {
  const at = mutation.random.below(input.length + 1);
  return put(input, at, at, mutation.other.slice(...range(mutation.other, mutation)));
}

function crossOver(input: string, { other, random }: Mutation): string {
  return input.slice(0, random.below(input.length + 1)) + other.slice(random.below(other.length + 1));
}

const oddNumbers = [
  "0",
  "1",
  "-1",
  "00",
  "4096",
  "65535",
  "4294967295",
  "4294967296",
  "9007199254740993",
  "1e3",
  "NaN",
];

/** A number written in digits. */
function changeNumber(input: string, { random }: Mutation): string {
  const found = [...input.matchAll(/\d+/gu)];
  const number = random.pick(found);
  if (number === undefined) return input;
  const value = Number(number[0]);
  const other = random.oneIn(2) ? String(value + random.below(3) - 1) : (random.pick(oddNumbers) ?? "");
  return put(input, number.index, number.index + number[0].length, other);
}
