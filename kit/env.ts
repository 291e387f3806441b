/** A timer that has not fired yet. */
export interface Timer {
  /** Stops it; harmless when it has fired or was stopped before. */
  readonly cancel: () => void;
}

/** What PBKDF2 is asked to compute (RFC 8018 §5.2). */
export interface DeriveKeyRequest {
  readonly hash: "SHA-1" | "SHA-256" | "SHA-512";
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** Bytes of key wanted. */
  readonly length: number;
}

/**
 * All time, randomness and work that leaves the thread, passed in so that a whole server with its clients runs in one
 * process from one seed.
 */
export interface Env {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: () => number;
  /** Runs `run` once, `delayMs` milliseconds from now. */
  readonly setTimer: (delayMs: number, run: () => void) => Timer;
  /** Runs `run` after the present callback and before any further I/O. */
  readonly defer: (run: () => void) => void;
  /**
   * Runs `run` when all that has come from outside by now is handled, and before anybody waits for more. Where absent
   * nothing comes at the same time as something else, and `defer` does.
   */
  readonly afterInput?: (run: () => void) => void;
  /** Unpredictable bytes, fit for tokens, nonces and salts. */
  readonly entropy: (bytes: number) => Uint8Array;
  /** PBKDF2, off this thread. Rejects with {@link DerivationRefused} when too many wait. */
  readonly deriveKey: (request: DeriveKeyRequest) => Promise<Uint8Array>;
}

/** Too many key derivations wait already; the log-in should be tried again later. */
export class DerivationRefused extends Error {
  override readonly name = "DerivationRefused";
}

const tokenAlphabet = "abcdefghijklmnopqrstuvwxyz234567";

/**
 * An unguessable name in lower-case letters and digits, fit for stanza ids, resources and stream ids.
 *
 * @param bytes bytes of entropy that go in; 5 of them give 8 characters
 */
export function randomToken(env: Pick<Env, "entropy">, bytes = 15): string {
  // Made at once: as many short strings put together, long tokens would cost many times their length.
  const codes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const byte of env.entropy(bytes)) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) codes.push(tokenAlphabet.charCodeAt((held >>> (bits - 5)) & 31));
    held &= 31;
  }
  if (bits > 0) codes.push(tokenAlphabet.charCodeAt((held << (5 - bits)) & 31));
  return String.fromCharCode(...codes);
}
