import { equalBytes, fromByteString, toByteString, toHex } from "./bytes.ts";
import type { SaslClientContext } from "./client-context.ts";
import type { SaslClientExchange } from "./client-exchange.ts";
import { answer, clientExchange, lastMessage, refuse, type ClientStep } from "./client-steps.ts";
import { digestMd5Ha1, digestMd5Response } from "./digest-md5-keys.ts";
import { isAtMostOnce, onlyValue, readDirectives, writeDirectives, type Directives } from "./digest-md5-message.ts";
import { preparePassword, prepareUsername } from "./prepare.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

/** Bytes of randomness in our nonce. */
export const digestClientNonceBytes = 16;
/** RFC 2831 §2.1.1 */
export const digestChallengeBytesMax = 2047;

/** DIGEST-MD5 with qop=auth. RFC 2831 */
export function digestMd5Client(context: SaslClientContext): SaslClientExchange {
  return clientExchange(() =>
    // The server speaks first. [rfc4422-5-04]
    answer(undefined, { challenge: (data) => takeChallenge(context, data) }),
  );
}

function takeChallenge(context: SaslClientContext, data: Uint8Array): ClientStep {
  const directives = data.length > digestChallengeBytesMax ? undefined : readDirectives(toByteString(data));
  const terms = directives === undefined ? undefined : readChallenge(directives);
  if (terms === undefined) return refuse("malformed-challenge", "not a challenge of DIGEST-MD5");
  const { nonce, utf8 } = terms;
  if (!terms.qops.includes("auth")) return refuse("unacceptable-challenge", "the server does not offer qop=auth");
  const realm = realmOf(terms.realms, context.domain);
  const username = prepareUsername(context.username);
  const password = preparePassword(context.password ?? "");
  if (username === undefined || password === undefined) {
    return refuse("bad-credentials", "user name or password have characters that they must not have");
  }
  const wide = !utf8 && !/^[\0-\xff]*$/.test(`${username}${password}${realm ?? ""}`);
  if (wide) return refuse("bad-credentials", "the server reads no more than ISO 8859-1");
  const encode = (text: string): string => (utf8 ? toByteString(encodeUtf8(text)) : text);
  const authzid = context.authzid === undefined ? undefined : toByteString(encodeUtf8(context.authzid));
  const cnonce = toHex(context.random(digestClientNonceBytes));
  // The domain is known beforehand; the realm says nothing about it. [rfc6120-6.3.9-03]
  const digestUri = `xmpp/${toByteString(encodeUtf8(context.domain))}`;
  const parts = { nonce, cnonce, nc: "00000001", qop: "auth", digestUri, authzid };
  const ha1 = digestMd5Ha1({ username, realm: realm ?? "", password });
  const text = writeDirectives([
    ...(utf8 ? [["charset", "utf-8", false] as const] : []),
    ["username", encode(username), true],
    ...(realm === undefined ? [] : [["realm", encode(realm), true] as const]),
    ["nonce", nonce, true],
    ["nc", parts.nc, false],
    ["cnonce", cnonce, true],
    ["digest-uri", digestUri, true],
    ["response", digestMd5Response(ha1, parts, "client"), false],
    ["qop", "auth", false],
    ...(authzid === undefined ? [] : [["authzid", authzid, true] as const]),
  ]);
  const expected = digestMd5Response(ha1, parts, "server");
  return answer(
    fromByteString(text),
    lastMessage((last) => takeServerProof(last, expected)),
  );
}

interface Terms {
  readonly nonce: string;
  readonly realms: readonly string[];
  readonly qops: readonly string[];
  readonly utf8: boolean;
}

function readChallenge(directives: Directives): Terms | undefined {
  const nonce = onlyValue(directives, "nonce");
  const singles = ["qop", "stale", "maxbuf", "charset", "cipher"];
  const charset = onlyValue(directives, "charset");
  if (nonce === undefined || nonce === "" || onlyValue(directives, "algorithm") !== "md5-sess") return undefined;
  if (!singles.every((name) => isAtMostOnce(directives, name))) return undefined;
  if (charset !== undefined && charset.toLowerCase() !== "utf-8") return undefined;
  const realms = (directives.get("realm") ?? []).map((realm) =>
    charset === undefined ? realm : decodeUtf8(fromByteString(realm)),
  );
  if (!realms.every((realm) => realm !== undefined)) return undefined;
  const qops = (onlyValue(directives, "qop") ?? "auth").split(",").map((qop) => qop.trim());
  return { nonce, realms, qops, utf8: charset !== undefined };
}

/** Ours if the server knows it, else its first; none if it names none. */
function realmOf(realms: readonly string[], domain: string): string | undefined {
  // [rfc6120-6.3.9-02]
  return realms.includes(domain) ? domain : realms[0];
}

function takeServerProof(data: Uint8Array, expected: string): ClientStep | undefined {
  const directives = readDirectives(toByteString(data));
  const rspauth = directives === undefined ? undefined : onlyValue(directives, "rspauth");
  if (rspauth === undefined) return refuse("malformed-challenge", "no rspauth");
  return equalBytes(fromByteString(rspauth), fromByteString(expected))
    ? undefined
    : refuse("server-not-authenticated", "the server does not know the password");
}
