import type { FullJid } from "#protocol/jid/jid.ts";
import type { StreamCondition } from "#protocol/stream/stream-conditions.ts";
import type { Account } from "./account.ts";
import type { SessionSlot } from "./slots.ts";
import type { Stanza } from "./stanza.ts";

/**
 * Whether a stanza may wait while nobody looks at the client. One that may takes the place of an earlier one with the same
 * subject; without a subject it stands for itself.
 */
export type WaitingPolicy = (stanza: Stanza) => { readonly subject: string | undefined } | undefined;

/** Stanzas that may wait for one session at the same time; the next has them all sent. */
export const heldStanzasMax = 1_000;

/** One connected resource of an account, for as long as its stream and that stream's resumptions live. */
export interface Session {
  readonly jid: FullJid;
  readonly resource: string;
  readonly account: Account;
  /** When the resource was bound, in milliseconds since the epoch. */
  readonly boundAt: number;
  /** False while its stream is cut and may still be resumed. */
  readonly connected: boolean;
  /** Connected, and its client has left nothing unacknowledged for long. */
  readonly responsive: boolean;
  readonly get: <T>(slot: SessionSlot<T>) => T;
  readonly set: <T>(slot: SessionSlot<T>, value: T) => void;
  /**
   * Sends a stanza to the client, in order with all else that the account sends. The session's guards are asked first.
   * Unacknowledged messages of a session that ends go to the `undelivered` step.
   */
  readonly send: (stanza: Stanza) => void;
  /**
   * From now on stanzas that may wait do so until one comes that may not, so many wait that there is no room, or this is
   * called with undefined; then they leave first, in order. A resumed stream begins without a policy.
   */
  readonly withhold: (policy: WaitingPolicy | undefined) => void;
  /** The server does much in its name, of little that its client said: that counts like so many stanzas more that it sends. */
  readonly charge: (stanzas: number) => void;
  /** Ends the stream with a stream error (RFC 6120 §4.9.3); nothing can be resumed afterwards. */
  readonly end: (condition: StreamCondition, text?: string) => void;
}
