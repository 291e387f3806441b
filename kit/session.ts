import type { FullJid } from "#protocol/jid/jid.ts";
import type { StreamCondition } from "#protocol/stream/stream-conditions.ts";
import type { Account } from "./account.ts";
import type { SessionSlot } from "./slots.ts";
import type { Stanza } from "./stanza.ts";

/** One connected resource of an account, for as long as its stream and that stream's resumptions live. */
export interface Session {
  readonly jid: FullJid;
  readonly resource: string;
  readonly account: Account;
  /** When the resource was bound, in milliseconds since the epoch. */
  readonly boundAt: number;
  /** False while its stream is cut and may still be resumed. */
  readonly connected: boolean;
  readonly get: <T>(slot: SessionSlot<T>) => T;
  readonly set: <T>(slot: SessionSlot<T>, value: T) => void;
  /**
   * Sends a stanza to the client, in order with all else that the account sends. The session's guards are asked first.
   * Unacknowledged messages of a session that ends go to the `undelivered` step.
   */
  readonly send: (stanza: Stanza) => void;
  /** Ends the stream with a stream error (RFC 6120 §4.9.3); nothing can be resumed afterwards. */
  readonly end: (condition: StreamCondition, text?: string) => void;
}
