import { decodeBase64, encodeBase64 } from "./sasl-base64.ts";

/** The four messages of SCRAM. RFC 5802 §7. Readers answer `undefined` for what does not follow the grammar. */

/** Longest nonce part of one side, in characters. */
export const scramNonceCharsMax = 256;

/** `n`: the client cannot bind; `y`: it could, but believes the server cannot; otherwise the type it binds to. */
export type Gs2Flag = "n" | "y" | { readonly binding: string };

export interface ClientFirst {
  readonly flag: Gs2Flag;
  readonly authzid: string | undefined;
  readonly username: string;
  readonly nonce: string;
}

export interface ClientFirstRead extends ClientFirst {
  /** The start of the message, which the client repeats in `c=`. */
  readonly gs2Header: string;
  /** All after it. */
  readonly bare: string;
}

export function readClientFirst(text: string): ClientFirstRead | undefined {
  const match = /^(n|y|p=([A-Za-z0-9.-]+)),(?:a=([^,]+))?,(.*)$/s.exec(text);
  const [, flag, binding, escapedAuthzid, bare] = match ?? [];
  if (flag === undefined || bare === undefined) return undefined;
  const authzid = escapedAuthzid === undefined ? undefined : unescapeSaslName(escapedAuthzid);
  if (escapedAuthzid !== undefined && authzid === undefined) return undefined;
  const [name, nonce, ...extensions] = bare.split(",");
  // `m=` comes first where it comes at all, so it is refused here as what is no user name. [rfc5802-5.1-08]
  const username = unescapeSaslName(valueOf("n", name) ?? "");
  const clientNonce = nonceOf(nonce);
  if (username === undefined || clientNonce === undefined || !areIgnorable(extensions)) return undefined;
  return {
    flag: binding === undefined ? (flag === "y" ? "y" : "n") : { binding },
    authzid,
    username,
    nonce: clientNonce,
    gs2Header: text.slice(0, text.length - bare.length),
    bare,
  };
}

export function writeClientFirst(first: ClientFirst): { readonly gs2Header: string; readonly bare: string } {
  const flag = typeof first.flag === "string" ? first.flag : `p=${first.flag.binding}`;
  const authzid = first.authzid === undefined ? "" : `a=${escapeSaslName(first.authzid)}`;
  return { gs2Header: `${flag},${authzid},`, bare: `n=${escapeSaslName(first.username)},r=${first.nonce}` };
}

export interface ServerFirst {
  /** The client's part and the server's. */
  readonly nonce: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** What the server announced, hashed and in base64. XEP-0474; absent where it does not say. */
  readonly announcement?: string | undefined;
}

export function readServerFirst(text: string): ServerFirst | undefined {
  const [nonceText, saltText, iterationsText, ...extensions] = text.split(",");
  const nonce = nonceOf(nonceText);
  const salt = decodeBase64(valueOf("s", saltText) ?? "");
  const iterations = /^[1-9][0-9]{0,9}$/.exec(valueOf("i", iterationsText) ?? "");
  if (nonce === undefined || salt === undefined || salt.length === 0 || iterations === null) return undefined;
  if (!areIgnorable(extensions)) return undefined;
  const announcement = extensions.map((extension) => valueOf("h", extension)).find((value) => value !== undefined);
  return { nonce, salt, iterations: Number(iterations[0]), announcement };
}

export function writeServerFirst(first: ServerFirst): string {
  const announcement = first.announcement === undefined ? "" : `,h=${first.announcement}`;
  return `r=${first.nonce},s=${encodeBase64(first.salt)},i=${first.iterations}${announcement}`;
}

export interface ClientFinal {
  /** GS2 header and channel-binding data. */
  readonly bindingInput: Uint8Array;
  readonly nonce: string;
  readonly proof: Uint8Array;
}

export function readClientFinal(text: string): (ClientFinal & { readonly bare: string }) | undefined {
  const attributes = text.split(",");
  const [bindingText, nonceText] = attributes;
  const bindingInput = decodeBase64(valueOf("c", bindingText) ?? "");
  const nonce = nonceOf(nonceText);
  const proofText = attributes.length > 2 ? attributes.at(-1) : undefined;
  const proof = decodeBase64(valueOf("p", proofText) ?? "");
  if (bindingInput === undefined || nonce === undefined || proofText === undefined || proof === undefined) {
    return undefined;
  }
  if (bindingInput.length === 0 || proof.length === 0 || !areIgnorable(attributes.slice(2, -1))) return undefined;
  return { bindingInput, nonce, proof, bare: text.slice(0, text.length - proofText.length - 1) };
}

export function writeClientFinalBare(final: Omit<ClientFinal, "proof">): string {
  return `c=${encodeBase64(final.bindingInput)},r=${final.nonce}`;
}

export type ServerFinal = { readonly signature: Uint8Array } | { readonly error: string };

export function readServerFinal(text: string): ServerFinal | undefined {
  const [first, ...extensions] = text.split(",");
  if (!areIgnorable(extensions)) return undefined;
  const error = valueOf("e", first);
  if (error !== undefined) return error === "" ? undefined : { error };
  const signature = decodeBase64(valueOf("v", first) ?? "");
  return signature === undefined || signature.length === 0 ? undefined : { signature };
}

/** `,` and `=` have a meaning of their own in these messages. RFC 5802 §5.1 */
export function escapeSaslName(name: string): string {
  return name.replaceAll("=", "=3D").replaceAll(",", "=2C");
}

/** `undefined` for an empty name, NUL, and any other use of `=`. [rfc5802-5.1-07] */
export function unescapeSaslName(escaped: string): string | undefined {
  if (!/^(?:[^=,\0]|=2C|=3D)+$/s.test(escaped)) return undefined;
  return escaped.replaceAll("=2C", ",").replaceAll("=3D", "=");
}

function valueOf(name: string, attribute: string | undefined): string | undefined {
  return attribute?.startsWith(`${name}=`) === true ? attribute.slice(2) : undefined;
}

function nonceOf(attribute: string | undefined): string | undefined {
  const nonce = valueOf("r", attribute);
  if (nonce === undefined || nonce.length > 2 * scramNonceCharsMax) return undefined;
  return /^[\x21-\x2b\x2d-\x7e]+$/.test(nonce) ? nonce : undefined;
}

/** Extensions that we do not know are ignored, except the one that must not be. [rfc5802-5.1-17] [rfc5802-7-01] */
function areIgnorable(extensions: readonly string[]): boolean {
  return extensions.every((extension) => /^[A-Za-z]=[^\0]+$/s.test(extension) && !extension.startsWith("m="));
}
