/** More than any certificate has at one place; a name list of so many is not read. */
const childrenMax = 4_000;
const oidBytesMax = 64;

/** Bytes that are not DER, or not of the form that was asked for. */
export class DerError extends Error {
  override readonly name = "DerError";
}

/** One value: its identifier octet, its content, and both together with the length. All are views. */
export interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly whole: Uint8Array;
}

/** Identifier octets. X.690 §8.1.2 */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  ia5String: 0x16,
  sequence: 0x30,
  set: 0x31,
} as const;

/**
 * The one value that `bytes` consist of. Only what a certificate needs is read: lengths in their one shortest form, tags
 * of one octet. Whoever calls goes down level by level, so that depth costs nobody anything.
 *
 * @throws DerError
 */
export function readDer(bytes: Uint8Array, tag?: number): DerValue {
  const value = valueAt(bytes, 0);
  if (value.whole.length !== bytes.length) throw new DerError("there is something behind the value");
  return expectTag(value, tag);
}

/** @throws DerError */
export function childrenOf(parent: DerValue): readonly DerValue[] {
  const children: DerValue[] = [];
  for (let at = 0; at < parent.content.length;) {
    if (children.length === childrenMax) throw new DerError("there are too many values");
    const child = valueAt(parent.content, at);
    children.push(child);
    at += child.whole.length;
  }
  return children;
}

/** @throws DerError when there is none, or one of another tag */
export function expectTag(value: DerValue | undefined, tag: number | undefined): DerValue {
  if (value === undefined) throw new DerError("a value is missing");
  if (tag !== undefined && value.tag !== tag) throw new DerError(`there is ${value.tag} instead of ${tag}`);
  return value;
}

/** The identifier octet of `[number]`, as it is in a structure. */
export function contextTag(number: number, form: "primitive" | "constructed"): number {
  return (form === "constructed" ? 0xa0 : 0x80) | number;
}

/** An object identifier in dotted form. X.690 §8.19 */
export function oidText(value: DerValue): string {
  const { content } = expectTag(value, tags.oid);
  const last = content.at(-1);
  if (last === undefined || last >= 0x80 || content.length > oidBytesMax) throw new DerError("no object identifier");
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of content) {
    if (arc === 0 && octet === 0x80) throw new DerError("an object identifier with a padded arc");
    arc = arc * 128 + (octet & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 256) throw new DerError("an object identifier with a huge arc");
    if (octet >= 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first = 0, ...rest] = arcs;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - top * 40, ...rest].join(".");
}

/** A small number that is not negative. X.690 §8.3 */
export function smallInteger({ content }: DerValue): number {
  const [first] = content;
  if (first === undefined || first >= 0x80 || content.length > 4) throw new DerError("no small number");
  if (content.length > 1 && first === 0 && (content[1] ?? 0) < 0x80) throw new DerError("a padded number");
  return content.reduce((sum, octet) => sum * 256 + octet, 0);
}

export function booleanOf({ content }: DerValue): boolean {
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new DerError("no truth value");
  return content[0] === 0xff;
}

/** The named bits that are set, by number. X.690 §11.2.2 */
export function namedBits({ content }: DerValue): ReadonlySet<number> {
  const [unused, ...octets] = content;
  if (unused === undefined || unused > 7 || octets.length > 8) throw new DerError("no list of bits");
  const bits = new Set<number>();
  for (const [index, octet] of octets.entries())
    for (let bit = 0; bit < 8; bit += 1) if ((octet & (0x80 >> bit)) !== 0) bits.add(index * 8 + bit);
  return bits;
}

function valueAt(bytes: Uint8Array, at: number): DerValue {
  const tag = bytes[at];
  const short = bytes[at + 1];
  if (tag === undefined || short === undefined) throw new DerError("a value is cut off");
  if ((tag & 0x1f) === 0x1f) throw new DerError("a tag of several octets");
  const lengthOctets = short < 0x80 ? 0 : short & 0x7f;
  if (short === 0x80 || lengthOctets > 4) throw new DerError("a length that is not definite, or huge");
  let length = lengthOctets === 0 ? short : 0;
  for (let index = 0; index < lengthOctets; index += 1) length = length * 256 + (bytes[at + 2 + index] ?? 0);
  if (lengthOctets > 0 && (length < 0x80 || length < 256 ** (lengthOctets - 1))) {
    throw new DerError("a length that is not the shortest");
  }
  const start = at + 2 + lengthOctets;
  if (start + length > bytes.length) throw new DerError("a value is cut off");
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length) };
}
