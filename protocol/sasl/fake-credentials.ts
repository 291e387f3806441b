import { hmac } from "@noble/hashes/hmac.js";
import { md5 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { accountName } from "./prepare.ts";
import { hmacOf, type ScramHash } from "./scram-hash.ts";
import type { SaslServerContext } from "./server-context.ts";
import type { ScramKeys } from "./stored-credentials.ts";
import { encodeUtf8 } from "./utf8.ts";

/** Bytes of salt of a new password. */
export const scramSaltBytes = 16;

/**
 * Keys for an account that does not exist or has none of this kind: the same at every attempt, so that an account cannot
 * be told from none by its salt (A27). No password fits them, and who uses them refuses whatever they say.
 *
 * They are made for known users too, so that both take the same work.
 */
export function fakeScramKeys(context: SaslServerContext, hash: ScramHash, username: string): ScramKeys {
  const { scramIterations, scramIterationsSeen: seen = [scramIterations] } = context.policy;
  const seed = (purpose: string): Uint8Array => encodeUtf8(`${purpose}\0${hash}\0${accountName(username)}`);
  // As if every other user had logged in since the policy was changed: then nobody ever goes back to an older count.
  const isRenewed = (count: number): boolean => ((hmac(sha256, context.secret, seed(`${count}`))[0] ?? 0) & 1) === 1;
  return {
    salt: hmac(sha256, context.secret, seed("salt")).slice(0, scramSaltBytes),
    iterations: seen.findLast((count, at) => at > 0 && isRenewed(count)) ?? seen[0],
    storedKey: hmacOf(hash, context.secret, seed("stored key")),
    serverKey: hmacOf(hash, context.secret, seed("server key")),
  };
}

/** As {@link fakeScramKeys}, for DIGEST-MD5. */
export function fakeDigestMd5Ha1(context: SaslServerContext, username: string): Uint8Array {
  return hmac(md5, context.secret, encodeUtf8(`ha1\0${accountName(username)}`));
}
