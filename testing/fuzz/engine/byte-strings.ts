import { Buffer } from "node:buffer";

/* Inputs are byte strings: a character for each byte. These do not come from protocol/, which is only to be loaded with counters. */

/** The byte string of a text. A lone surrogate becomes U+FFFD. */
export function toBytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of a byte string. @throws {TypeError} if it is no UTF-8 */
export function decodeUtf8(bytes: string): string {
  return decoder.decode(Buffer.from(bytes, "latin1"));
}

/** The text of a byte string, `undefined` if it is no UTF-8. */
export function textOf(bytes: string): string | undefined {
  try {
    return decodeUtf8(bytes);
  } catch {
    return undefined;
  }
}

/** A text for any bytes: what is no UTF-8 becomes half a surrogate pair, of which no bytes could speak. */
export function looseTextOf(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8").replaceAll("\ufffd", "\ud800");
}

/** The bytes of a byte string. */
export function bytesOf(bytes: string): Uint8Array {
  return new Uint8Array(Buffer.from(bytes, "latin1"));
}
