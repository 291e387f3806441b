/** Bytes of one SASL message that are worth looking at; the longest honest one is a PLAIN of three long fields. */
export const saslMessageBytesMax = 8192;

export type SaslContent =
  | { readonly ok: true; readonly data: Uint8Array | undefined }
  /** `incorrect-encoding` is not base64, `malformed-request` is too long. */
  | { readonly ok: false; readonly condition: "incorrect-encoding" | "malformed-request" };

/**
 * Reads the character data of a SASL element: none is `undefined`, `=` is zero bytes. RFC 6120 §6.4.2, §6.4.6.
 * No white space, full padding, unused bits zero.
 */
export function decodeSaslContent(text: string): SaslContent {
  if (text === "") return { ok: true, data: undefined };
  // [rfc6120-6.4.2-02] [rfc6120-6.4.6-03]
  if (text === "=") return { ok: true, data: new Uint8Array() };
  if (text.length > Math.ceil(saslMessageBytesMax / 3) * 4) return { ok: false, condition: "malformed-request" };
  const data = decodeBase64(text);
  // [rfc6120-6.3.5-02] [rfc6120-13.9.1-01]
  return data === undefined ? { ok: false, condition: "incorrect-encoding" } : { ok: true, data };
}

/** What goes into a SASL element for this data. */
export function encodeSaslContent(data: Uint8Array | undefined): string {
  if (data === undefined) return "";
  // [rfc6120-6.4.2-02] [rfc6120-6.4.6-03]
  return data.length === 0 ? "=" : encodeBase64(data);
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** RFC 4648 §4, with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const [a = 0, b, c] = bytes.subarray(index, index + 3);
    const group = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    text += digit(group >> 18) + digit(group >> 12);
    text += (b === undefined ? "=" : digit(group >> 6)) + (c === undefined ? "=" : digit(group));
  }
  return text;
}

/** `undefined` for anything but the one canonical spelling of some bytes. RFC 4648 §4 */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  // A pad further in front is no digit, so it is refused like any other character.
  const digits = text.length - padding;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let held = 0;
  let bits = 0;
  let written = 0;
  for (let index = 0; index < digits; index++) {
    const value = valueOf(text.charCodeAt(index));
    // [rfc6120-13.9.1-02] [rfc6120-13.9.1-03]
    if (value === undefined) return undefined;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[written++] = held >> bits;
    }
  }
  // What is left over are bits that no byte needs: they must be zero, or two texts would mean the same. [rfc6120-13.9.1-04]
  return (held & ((1 << bits) - 1)) === 0 ? bytes : undefined;
}

function digit(group: number): string {
  return alphabet.charAt(group & 63);
}

function valueOf(code: number): number | undefined {
  if (code >= 0x41 && code <= 0x5a) return code - 0x41;
  if (code >= 0x61 && code <= 0x7a) return code - 0x61 + 26;
  if (code >= 0x30 && code <= 0x39) return code - 0x30 + 52;
  if (code === 0x2b) return 62;
  return code === 0x2f ? 63 : undefined;
}
