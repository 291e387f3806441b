import type { SaslDerive } from "./server-exchange.ts";

/**
 * One attempt to authenticate, the client's side of one mechanism. `start` once, then feed it what the server sends;
 * each call gives exactly one output.
 */
export interface SaslClientExchange {
  readonly start: () => SaslClientOutput;
  /** The content of `<challenge/>`, out of base64. */
  readonly challenge: (data: Uint8Array) => SaslClientOutput;
  /**
   * The content of `<success/>`, `undefined` if it has none. The server is to be believed only if this answers
   * `authenticated`: in SCRAM and DIGEST-MD5 the server has to prove that it knows the password too.
   */
  readonly success: (data: Uint8Array | undefined) => SaslClientOutput;
  /** Answer to `derive`. */
  readonly derived: (key: Uint8Array) => SaslClientOutput;
}

export type SaslClientOutput =
  /** To be sent; `undefined`, from `start` only, means `<auth/>` without content. Zero bytes are sent as `=`. */
  | { readonly type: "response"; readonly data: Uint8Array | undefined }
  | SaslDerive
  /** `<success/>` may be believed. */
  | { readonly type: "authenticated" }
  | SaslClientRefusal;

/** The client will not go on: send `<abort/>`, or close the stream after `<success/>`. */
export interface SaslClientRefusal {
  readonly type: "refused";
  readonly reason: SaslClientFault;
  readonly text: string;
}

export type SaslClientFault =
  /** Not what the mechanism says. */
  | "malformed-challenge"
  /** The server's nonce, iteration count, realm … are not what we agree to. */
  | "unacceptable-challenge"
  /** The server does not know the password: it is not the server we think, or somebody sits between. */
  | "server-not-authenticated"
  /** User name or password contain what SASLprep forbids. */
  | "bad-credentials"
  /** The server said why, in the last message of SCRAM. */
  | "rejected";
