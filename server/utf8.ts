/** Decodes a byte string (one character a byte) that was checked to be UTF-8. */
export function decodeUtf8(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}
