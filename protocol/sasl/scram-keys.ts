import { concatBytes, equalBytes, xorBytes } from "./bytes.ts";
import { hashOf, hmacOf, scramKeyBytes, type ScramHash } from "./scram-hash.ts";
import type { SaslDerive } from "./server-exchange.ts";
import type { ScramKeys } from "./stored-credentials.ts";
import { encodeUtf8 } from "./utf8.ts";

/** From the salted password to what a server stores. RFC 5802 §3 */
export function scramKeysFromSalted(
  hash: ScramHash,
  salted: Uint8Array,
  of: { readonly salt: Uint8Array; readonly iterations: number },
): ScramKeys {
  const storedKey = hashOf(hash, hmacOf(hash, salted, encodeUtf8("Client Key")));
  const serverKey = hmacOf(hash, salted, encodeUtf8("Server Key"));
  return { salt: of.salt, iterations: of.iterations, storedKey, serverKey };
}

/** The question that yields the salted password. */
export function saltedPasswordRequest(
  hash: ScramHash,
  password: Uint8Array,
  of: { readonly salt: Uint8Array; readonly iterations: number },
): Omit<SaslDerive, "type"> {
  return { hash, password, salt: of.salt, iterations: of.iterations, length: scramKeyBytes[hash] };
}

/** What the client sends as `p=`. */
export function clientProof(hash: ScramHash, salted: Uint8Array, authMessage: Uint8Array): Uint8Array {
  const clientKey = hmacOf(hash, salted, encodeUtf8("Client Key"));
  return xorBytes(clientKey, hmacOf(hash, hashOf(hash, clientKey), authMessage));
}

/** Whether the proof shows knowledge of the password; every comparison takes constant time (A26). */
export function isProof(hash: ScramHash, keys: ScramKeys, authMessage: Uint8Array, proof: Uint8Array): boolean {
  const signature = hmacOf(hash, keys.storedKey, authMessage);
  // A proof of the wrong length would be filled up by xor; it fails all the same, after the same work.
  const clientKey = xorBytes(signature, proof);
  return equalBytes(hashOf(hash, clientKey), keys.storedKey) && proof.length === signature.length;
}

/** What the server sends as `v=`. */
export function serverSignature(hash: ScramHash, serverKey: Uint8Array, authMessage: Uint8Array): Uint8Array {
  return hmacOf(hash, serverKey, authMessage);
}

/** The three messages that both sides sign, as they went over the wire. RFC 5802 §3 */
export function authMessageOf(clientFirstBare: string, serverFirst: string, clientFinalBare: string): Uint8Array {
  const comma = encodeUtf8(",");
  return concatBytes(encodeUtf8(clientFirstBare), comma, encodeUtf8(serverFirst), comma, encodeUtf8(clientFinalBare));
}
