import { pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { DerivationRefused, type DeriveKeyRequest, type Env } from "#kit/env.ts";

/** Key derivations that may be under way or waiting for a thread: about two seconds of work for four threads. */
const derivationsPendingMax = 256;

const digestNames = { "SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512" } as const;

/** The real clock, the real randomness, and PBKDF2 in the thread pool. */
export function nodeEnv(): Env {
  let derivationsPending = 0;
  const derive = promisify(pbkdf2);
  return {
    now: Date.now,
    setTimer: (delayMs, run) => {
      const timer = setTimeout(run, delayMs);
      return { cancel: () => clearTimeout(timer) };
    },
    defer: (run) => process.nextTick(run),
    afterInput: (run) => void setImmediate(run),
    entropy: (bytes) => new Uint8Array(randomBytes(bytes)),
    deriveKey: async ({ hash, password, salt, iterations, length }: DeriveKeyRequest) => {
      if (derivationsPending >= derivationsPendingMax)
        throw new DerivationRefused("too many log-ins are being checked already");
      derivationsPending += 1;
      try {
        return new Uint8Array(await derive(password, salt, iterations, length, digestNames[hash]));
      } finally {
        derivationsPending -= 1;
      }
    },
  };
}
