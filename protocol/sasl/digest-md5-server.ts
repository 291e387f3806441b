import { equalBytes, fromByteString, toByteString, toHex } from "./bytes.ts";
import { digestMd5Response, type DigestParts } from "./digest-md5-keys.ts";
import { isAtMostOnce, onlyValue, readDirectives, writeDirectives, type Directives } from "./digest-md5-message.ts";
import { fakeDigestMd5Ha1 } from "./fake-credentials.ts";
import { prepareUsername } from "./prepare.ts";
import type { SaslServerContext } from "./server-context.ts";
import type { SaslServerExchange } from "./server-exchange.ts";
import { admit, challenge, fail, lookup, objection, serverExchange, type ServerStep } from "./server-steps.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

/** Bytes of randomness in the nonce. */
export const digestNonceBytes = 16;
/** RFC 2831 §2.1.2 */
export const digestResponseBytesMax = 4095;

/**
 * DIGEST-MD5 with qop=auth, for clients that know nothing better. RFC 2831; RFC 6331 says why it is off by default.
 * No nonce outlives its exchange, so there is no subsequent authentication to replay.
 */
export function digestMd5Server(context: SaslServerContext): SaslServerExchange {
  return serverExchange({
    for: "response",
    // A first response tries to continue an earlier authentication: our nonce of that time is stale. RFC 2831 §2.2.2
    take: (data) => sendChallenge(context, data !== undefined && data.length > 0),
  });
}

function sendChallenge(context: SaslServerContext, stale: boolean): ServerStep {
  const nonce = toHex(context.random(digestNonceBytes));
  const text = writeDirectives([
    // [rfc6120-6.3.9-01]
    ["realm", toByteString(encodeUtf8(context.domain)), true],
    ["nonce", nonce, true],
    ["qop", "auth", true],
    ...(stale ? [["stale", "true", false] as const] : []),
    ["charset", "utf-8", false],
    ["algorithm", "md5-sess", false],
  ]);
  return challenge(fromByteString(text), (data) => {
    if (data.length > digestResponseBytesMax) return fail("malformed-request", "too long");
    const directives = readDirectives(toByteString(data));
    const response = directives === undefined ? undefined : readResponse(directives);
    if (response === undefined) return fail("malformed-request");
    const { parts, realm } = response;
    const fits = parts.nonce === nonce && parts.nc === "00000001" && parts.qop === "auth";
    const username = prepareUsername(response.username);
    if (!fits || username === undefined || realm !== context.domain || !isOurs(parts.digestUri, context)) {
      return fail("not-authorized");
    }
    return lookup(username, (found) => {
      const fake = fakeDigestMd5Ha1(context, username);
      const stored = found?.digestMd5;
      const usable = stored !== undefined && stored.realm === realm;
      const ha1 = usable ? stored.ha1 : fake;
      const expected = digestMd5Response(ha1, parts, "client");
      const rspauth = digestMd5Response(ha1, parts, "server");
      const proven = equalBytes(fromByteString(expected), fromByteString(response.response));
      if (!proven || !usable) return fail("not-authorized");
      const claim = { authcid: username, authzid: response.authzid, credentials: found };
      // As a challenge, which clients of RFC 3920 and of RFC 6120 both understand.
      const proof = (): ServerStep =>
        challenge(encodeUtf8(`rspauth=${rspauth}`), (rest) =>
          rest.length === 0 ? admit(context, claim) : fail("malformed-request"),
        );
      return objection(context, claim) ?? proof();
    });
  });
}

interface DigestResponse {
  readonly username: string;
  readonly realm: string;
  readonly authzid: string | undefined;
  readonly response: string;
  readonly parts: DigestParts;
}

const atMostOnce = ["realm", "qop", "maxbuf", "charset", "cipher", "authzid"];

function readResponse(directives: Directives): DigestResponse | undefined {
  const once = (name: string): string | undefined => onlyValue(directives, name);
  const [nonce, cnonce, nc, digestUri] = [once("nonce"), once("cnonce"), once("nc"), once("digest-uri")];
  const response = once("response");
  if (nonce === undefined || cnonce === undefined || nc === undefined || digestUri === undefined) return undefined;
  if (response === undefined || !/^[0-9a-f]{32}$/.test(response)) return undefined;
  if (!atMostOnce.every((name) => isAtMostOnce(directives, name))) return undefined;
  const charset = once("charset");
  if (charset !== undefined && charset.toLowerCase() !== "utf-8") return undefined;
  const decode = (text: string): string | undefined =>
    charset === undefined ? text : decodeUtf8(fromByteString(text));
  const username = decode(once("username") ?? "");
  const realm = decode(once("realm") ?? "");
  // The authorization identity is UTF-8 whatever the charset.
  const authzidBytes = once("authzid");
  const authzid = decodeUtf8(fromByteString(authzidBytes ?? ""));
  if (username === undefined || username === "" || realm === undefined || authzid === undefined) return undefined;
  return {
    username,
    realm,
    authzid: authzid === "" ? undefined : authzid,
    response,
    parts: { nonce, cnonce, nc, qop: once("qop") ?? "auth", digestUri, authzid: authzidBytes },
  };
}

/** The service that the client believes to talk to: `xmpp/host` or `xmpp/host/domain`. RFC 2831 §2.1.2 [xep0388-4.1-01] */
function isOurs(digestUri: string, context: SaslServerContext): boolean {
  const [service, host, name = host, ...rest] = digestUri.toLowerCase().split("/");
  const domain = toByteString(encodeUtf8(context.domain.toLowerCase()));
  return service === "xmpp" && host !== "" && name === domain && rest.length === 0;
}
