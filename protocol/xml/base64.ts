const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PADDING = 0x3d;
const INVALID = 0xff;
const SPACE = 0xfe;

const VALUES: Uint8Array = makeValues();

function makeValues(): Uint8Array {
  const values = new Uint8Array(256).fill(INVALID);
  for (let value = 0; value < 64; value++) values[ALPHABET.charCodeAt(value)] = value;
  for (const space of " \t\r\n") values[space.charCodeAt(0)] = SPACE;
  return values;
}

/** Octets as base 64 with padding. RFC 4648 §4. */
export function base64Encode(bytes: Uint8Array): string {
  let out = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const left = bytes.length - index;
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    out += ALPHABET.charAt(group >> 18) + ALPHABET.charAt((group >> 12) & 63);
    out += left > 1 ? ALPHABET.charAt((group >> 6) & 63) : "=";
    out += left > 2 ? ALPHABET.charAt(group & 63) : "=";
  }
  return out;
}

/**
 * The octets, or `undefined` if the text is not base 64 with padding, or has stray bits under the padding: two texts
 * must not mean the same octets. XML white space is skipped, for peers wrap long values. RFC 4648 §3.3, §3.5.
 */
export function base64Decode(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let length = 0;
  let bits = 0;
  let symbols = 0;
  let padding = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const value = code < 256 ? (VALUES[code] ?? INVALID) : INVALID;
    if (value === SPACE) continue;
    if (code === PADDING) {
      padding++;
      continue;
    }
    if (value === INVALID || padding > 0) return undefined;
    bits = ((bits << 6) | value) & 0xffffff;
    symbols++;
    if (symbols % 4 === 0) {
      bytes[length++] = bits >> 16;
      bytes[length++] = (bits >> 8) & 0xff;
      bytes[length++] = bits & 0xff;
    }
  }
  const rest = symbols % 4;
  if (rest === 1 || padding !== (4 - rest) % 4) return undefined;
  if (rest === 2) {
    if ((bits & 0xf) !== 0) return undefined;
    bytes[length++] = (bits >> 4) & 0xff;
  } else if (rest === 3) {
    if ((bits & 0x3) !== 0) return undefined;
    bytes[length++] = (bits >> 10) & 0xff;
    bytes[length++] = (bits >> 2) & 0xff;
  }
  return bytes.slice(0, length);
}
