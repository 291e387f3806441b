import type { ScramHash } from "./scram-hash.ts";

/** All that an account keeps of its password. The password cannot be got back from it. RFC 5802 §9 */
export interface StoredCredentials {
  /** One entry for every hash that was on when the password was set. */
  readonly scram: { readonly [hash in ScramHash]?: ScramKeys };
  /** Only where DIGEST-MD5 was on when the password was set: whoever reads it can log in with it. */
  readonly digestMd5?: DigestMd5Key;
  /** Told to the client only after it has proven the password. Absent means "active". */
  readonly status?: "active" | "disabled" | "expired";
}

/** What a server keeps for one hash. RFC 5802 §3 */
export interface ScramKeys {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** MD5 over user name, realm and password. RFC 2831 §2.1.2.1 */
export interface DigestMd5Key {
  readonly realm: string;
  /** 16 bytes. */
  readonly ha1: Uint8Array;
}
