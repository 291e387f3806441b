import type { SaslCondition } from "./sasl-condition.ts";
import type { ScramHash } from "./scram-hash.ts";
import type { StoredCredentials } from "./stored-credentials.ts";
import type { TokenCandidate } from "./token-candidate.ts";

/**
 * One attempt to authenticate, the server's side of one mechanism. Feed it what the client sends and the answers to its
 * questions; each call gives exactly one output. After `success` or `failure` it is over and only repeats a failure.
 */
export interface SaslServerExchange {
  /**
   * What the client sent in `<auth/>` or `<response/>`, out of base64. `undefined` means: nothing at all, which is
   * allowed in `<auth/>` only; zero bytes were sent as `=`.
   */
  readonly respond: (data: Uint8Array | undefined) => SaslOutput;
  /** Answer to `lookup`. */
  readonly credentials: (found: StoredCredentials | undefined) => SaslOutput;
  /** Answer to `lookupToken`. */
  readonly tokens: (found: readonly TokenCandidate[]) => SaslOutput;
  /** Answer to `derive`. */
  readonly derived: (key: Uint8Array) => SaslOutput;
}

export type SaslOutput =
  | { readonly type: "challenge"; readonly data: Uint8Array }
  | SaslSuccess
  | SaslFailure
  /** What is stored for this user? Answer with {@link SaslServerExchange.credentials}. */
  | { readonly type: "lookup"; readonly username: string }
  | SaslTokenLookup
  | SaslDerive;

/** Which tokens may this device of this user present? Answer with {@link SaslServerExchange.tokens}. */
export interface SaslTokenLookup {
  readonly type: "lookupToken";
  readonly username: string;
  readonly device: string;
}

export interface SaslSuccess {
  readonly type: "success";
  /** Goes into `<success/>`: `undefined` is no data, zero bytes are `=`. */
  readonly data: Uint8Array | undefined;
  readonly identity: SaslIdentity;
  /** To be kept in place of what was found: the keys there are not what the policy makes today. */
  readonly renewal?: CredentialRenewal;
  /** SCRAM: what was found, and fits. Keys for other hashes may be added to it (XEP-0480). */
  readonly credentials?: StoredCredentials;
  /** HT-*: the key of the token that was proven. Whether it may be used still is for its keeper to say. */
  readonly tokenKey?: Uint8Array;
}

/** New keys for a password that was just proven. */
export interface CredentialRenewal {
  /** What it was proven by. If something else is kept by now, the password was changed meanwhile. */
  readonly from: StoredCredentials;
  readonly to: StoredCredentials;
}

export interface SaslFailure {
  readonly type: "failure";
  readonly condition: SaslCondition;
  /** For people and logs, in English. Never says whether the account exists. */
  readonly text?: string;
}

/** PBKDF2, wanted from outside because it is slow. Answer with `derived`. */
export interface SaslDerive {
  readonly type: "derive";
  readonly hash: ScramHash;
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** Of the wanted key, in bytes. */
  readonly length: number;
}

/** Who was authenticated, and as whom they want to act. */
export interface SaslIdentity {
  /**
   * Whose credentials were proven: a simple user name after SASLprep (for clients it names the account of the stream's
   * host), the address in the certificate where EXTERNAL authenticates a server, a made-up name for ANONYMOUS.
   */
  readonly authcid: string;
  /**
   * As the client sent it, present only if it sent one *and* the context's `mayActAs` agreed. Absent means: the
   * session belongs to authcid and to nobody else (A24).
   */
  readonly authzid: string | undefined;
  readonly anonymous: boolean;
}
