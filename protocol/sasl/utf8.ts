/** UTF-8. A lone surrogate, which has no UTF-8, becomes U+FFFD. RFC 3629 */
export function encodeUtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const char of text) {
    const scalar = char.codePointAt(0) ?? 0;
    const code = scalar >= 0xd800 && scalar <= 0xdfff ? 0xfffd : scalar;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), tail(code));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), tail(code >> 6), tail(code));
    else bytes.push(0xf0 | (code >> 18), tail(code >> 12), tail(code >> 6), tail(code));
  }
  return Uint8Array.from(bytes);
}

/** The text, `undefined` for anything that is not UTF-8: overlong forms, surrogates, truncated and stray bytes. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  let text = "";
  let index = 0;
  while (index < bytes.length) {
    const lead = bytes[index] ?? 0;
    const shape = shapeOf(lead);
    if (shape === undefined) return undefined;
    let code = lead & shape.mask;
    for (let more = 1; more < shape.length; more++) {
      const byte = bytes[index + more];
      if (byte === undefined || (byte & 0xc0) !== 0x80) return undefined;
      code = (code << 6) | (byte & 0x3f);
    }
    if (code < shape.least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
    text += String.fromCodePoint(code);
    index += shape.length;
  }
  return text;
}

function tail(code: number): number {
  return 0x80 | (code & 0x3f);
}

/** Length of the sequence, bits of the code point in its first byte, and the least code point that needs that length. */
function shapeOf(lead: number): { readonly length: number; readonly mask: number; readonly least: number } | undefined {
  if (lead < 0x80) return { length: 1, mask: 0x7f, least: 0 };
  if (lead >= 0xc2 && lead < 0xe0) return { length: 2, mask: 0x1f, least: 0x80 };
  if (lead >= 0xe0 && lead < 0xf0) return { length: 3, mask: 0x0f, least: 0x800 };
  if (lead >= 0xf0 && lead < 0xf5) return { length: 4, mask: 0x07, least: 0x10000 };
  return undefined;
}
