import { hmac } from "@noble/hashes/hmac.js";
import { sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";

/** Hash functions of the SCRAM family that we speak, by their IANA names. */
export type ScramHash = "SHA-1" | "SHA-256" | "SHA-512";

/** Strongest first. */
export const scramHashes = ["SHA-512", "SHA-256", "SHA-1"] as const satisfies readonly ScramHash[];

const functions = { "SHA-1": sha1, "SHA-256": sha256, "SHA-512": sha512 } as const;

/** Output of the hash function in bytes; every key, proof and signature of that SCRAM is as long. */
export const scramKeyBytes = { "SHA-1": 20, "SHA-256": 32, "SHA-512": 64 } as const satisfies Record<ScramHash, number>;

export function hashOf(hash: ScramHash, data: Uint8Array): Uint8Array {
  return functions[hash](data);
}

export function hmacOf(hash: ScramHash, key: Uint8Array, data: Uint8Array): Uint8Array {
  return hmac(functions[hash], key, data);
}
