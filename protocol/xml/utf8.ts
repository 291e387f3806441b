/** The UTF-8 of a text as a byte string. The text has no lone surrogates: {@link isXmlText}. */
export function encodeUtf8(text: string): string {
  let start = 0;
  while (start < text.length && text.charCodeAt(start) < 0x80) start++;
  return start === text.length ? text : encodeFrom(text, start);
}

function encodeFrom(text: string, start: number): string {
  let out = "";
  let plainFrom = 0;
  for (let at = start; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code < 0x80) {
      at++;
      continue;
    }
    out += text.slice(plainFrom, at);
    // [rfc7622-3.2.1-03]
    if (code < 0x800) out += String.fromCharCode(0xc0 | (code >> 6), continuation(code));
    else if (code < 0xd800 || code > 0xdfff) {
      out += String.fromCharCode(0xe0 | (code >> 12), continuation(code >> 6), continuation(code));
    } else {
      const point = text.codePointAt(at++) ?? 0;
      out += String.fromCharCode(
        0xf0 | (point >> 18),
        continuation(point >> 12),
        continuation(point >> 6),
        continuation(point),
      );
    }
    plainFrom = ++at;
  }
  return out + text.slice(plainFrom);
}

function continuation(bits: number): number {
  return 0x80 | (bits & 0x3f);
}

/** Whether every character may stand in XML 1.0, as itself or as a reference. */
export function isXmlText(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- the forbidden ones are what this is about
  return text.isWellFormed() && !/[\0-\x08\v\f\x0e-\x1f\ufffe\uffff]/.test(text);
}

/** The text with U+FFFD for every character that may not stand in XML. For gateways: other networks have no such rule. */
export function toXmlText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- as above
  return isXmlText(text) ? text : text.toWellFormed().replaceAll(/[\0-\x08\v\f\x0e-\x1f\ufffe\uffff]/g, "\ufffd");
}
