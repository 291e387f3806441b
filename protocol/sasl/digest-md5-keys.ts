import { md5 } from "@noble/hashes/legacy.js";
import { fromByteString, toByteString, toHex } from "./bytes.ts";
import { encodeUtf8 } from "./utf8.ts";

/** H(user name : realm : password), which is all that a server has to keep. 16 bytes. RFC 2831 §2.1.2.1 */
export function digestMd5Ha1(user: {
  readonly username: string;
  readonly realm: string;
  readonly password: string;
}): Uint8Array {
  const { username, realm, password } = user;
  return md5(fromByteString(`${narrow(username)}:${toByteString(encodeUtf8(realm))}:${narrow(password)}`));
}

/** What both sides put into their answers; all byte strings as they went over the wire. */
export interface DigestParts {
  readonly nonce: string;
  readonly cnonce: string;
  readonly nc: string;
  readonly qop: string;
  readonly digestUri: string;
  readonly authzid: string | undefined;
}

/** The 32 hex digits of `response` (from the client) or `rspauth` (from the server). RFC 2831 §2.1.2.1, §2.1.3 */
export function digestMd5Response(ha1: Uint8Array, parts: DigestParts, side: "client" | "server"): string {
  const { nonce, cnonce, nc, qop, digestUri, authzid } = parts;
  const a1 = `${toByteString(ha1)}:${nonce}:${cnonce}${authzid === undefined ? "" : `:${authzid}`}`;
  const a2 = `${side === "client" ? "AUTHENTICATE" : ""}:${digestUri}`;
  return md5Hex(`${md5Hex(a1)}:${nonce}:${nc}:${cnonce}:${qop}:${md5Hex(a2)}`);
}

function md5Hex(byteString: string): string {
  return toHex(md5(fromByteString(byteString)));
}

/** ISO 8859-1 where it suffices, else UTF-8: so that the hash is the one that HTTP servers keep. RFC 2831 §2.1.2.1 */
function narrow(text: string): string {
  return /^[\0-\xff]*$/.test(text) ? text : toByteString(encodeUtf8(text));
}
