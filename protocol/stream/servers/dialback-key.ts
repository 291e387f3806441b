import { assert } from "#protocol/assert.ts";
import type { DomainJid } from "#protocol/jid/jid.ts";
import { toHex } from "#protocol/sasl/bytes.ts";
import { hashOf, hmacOf } from "#protocol/sasl/scram-hash.ts";
import { encodeUtf8 } from "#protocol/sasl/utf8.ts";

/** What a dialback key is made for. */
export interface DialbackClaim {
  /** The domain that is to let the other one send: Receiving Server. */
  readonly receiving: DomainJid;
  /** The domain that wants to send, and whose servers know the secret: Originating Server. */
  readonly originating: DomainJid;
  /** Of the stream on which it asks, as the server that was connected to gave it. */
  readonly id: string;
}

export type DialbackKeyMaker = (claim: DialbackClaim) => string;

/**
 * Makes keys by XEP-0185 §2, in hexadecimal. The parts cannot run into one another: no domain has a space in it, and the
 * id, in which a stranger may have written what they like, comes last (A33).
 *
 * @param secret of all servers of our domains, 12 bytes or more, kept as long as they are to verify one another's keys
 */
export function dialbackKeys(secret: Uint8Array): DialbackKeyMaker {
  // [xep0185-2-04]
  assert(secret.length >= secretBytesMin, "a secret that cannot be guessed");
  // [xep0185-2-03] [xep0185-2-06]
  const key = encodeUtf8(toHex(hashOf("SHA-256", secret)));
  // [xep0185-2-01] [xep0185-2-02] [xep0185-2-07]
  return ({ id, originating, receiving }) =>
    toHex(hmacOf("SHA-256", key, encodeUtf8(`${receiving} ${originating} ${id}`)));
}

const secretBytesMin = 12;
