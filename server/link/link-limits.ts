import type { XmlLimits } from "#protocol/xml/limits.ts";

/** Units a second on average, and units at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Bounds of one connection. */
export interface LinkLimits {
  readonly xml: XmlLimits;
  /** Tighter bounds until the peer has authenticated and bound a resource. */
  readonly xmlBeforeAuthentication: XmlLimits;
  readonly bytesRate: Rate | undefined;
  readonly stanzasRate: Rate | undefined;
  /** The same for all connections of one address together. */
  readonly addressBytesRate: Rate | undefined;
  readonly addressStanzasRate: Rate | undefined;
  /** Silence after which the peer is asked whether it is there, in milliseconds; undefined for never. */
  readonly pingAfterMs: number | undefined;
  /** How long it may take to answer, in milliseconds. */
  readonly pingAnswerMsMax: number;
  /** How long a client with stream management may take to say what it has of what it was sent, in milliseconds. */
  readonly ackAnswerMsMax: number;
  /** From the first byte until a resource is bound, in milliseconds. */
  readonly negotiationMsMax: number;
  /** From our closing tag to the peer's, in milliseconds. */
  readonly closingMsMax: number;
  /** What may wait for a peer that does not read, in bytes. */
  readonly unsentBytesMax: number;
}

/** A bound that was hit, for the metric of that name. */
export type LimitName =
  | "rate-bytes"
  | "rate-stanzas"
  | "unsent-bytes"
  | "connections-per-address"
  | "failed-logins"
  | "negotiation-time"
  | "stanza-size"
  | "sessions-per-account"
  | "recipients"
  | "mailbox"
  | "component-queue"
  | "key-derivations"
  | "ping-answer"
  | "ack-answer"
  | "server-pairs"
  | "streams-per-server";

/** The bounds that hold whoever the peer is. */
export type ConnectionLimits = Pick<
  LinkLimits,
  | "xml"
  | "xmlBeforeAuthentication"
  | "bytesRate"
  | "stanzasRate"
  | "negotiationMsMax"
  | "closingMsMax"
  | "unsentBytesMax"
>;
