import { assert } from "#protocol/assert.ts";
import { concatBytes } from "./bytes.ts";
import type { HtHash } from "./ht-mechanism.ts";
import { hashOf, hmacOf } from "./scram-hash.ts";
import { encodeUtf8 } from "./utf8.ts";

/** Input block of the hash in bytes: HMAC hashes a key that is longer before it uses it. RFC 2104 §3 */
const blockBytes = { "SHA-256": 64, "SHA-512": 128 } as const satisfies Record<HtHash, number>;

/** Characters that a token of ours has at least, so that it is longer than the block of any hash. */
export const htTokenCharactersMin = 129;

/**
 * What a server keeps of a token: the hash that HMAC would make of so long a key itself, so that it serves as the key.
 * Who reads it cannot tell the token, but can compute the proof.
 */
export function keyOfToken(hash: HtHash, token: string): Uint8Array {
  const bytes = encodeUtf8(token);
  assert(bytes.length > blockBytes[hash], "a token is longer than a block");
  return hashOf(hash, bytes);
}

/** What the client proves itself with. draft-schmaus-kitten-sasl-ht-09 §3.1 */
export function initiatorProof(hash: HtHash, key: Uint8Array, binding: Uint8Array): Uint8Array {
  return hmacOf(hash, key, concatBytes(encodeUtf8("Initiator"), binding));
}

/** What the server proves itself with. draft-schmaus-kitten-sasl-ht-09 §3.3 */
export function responderProof(hash: HtHash, key: Uint8Array, binding: Uint8Array): Uint8Array {
  return hmacOf(hash, key, concatBytes(encodeUtf8("Responder"), binding));
}
