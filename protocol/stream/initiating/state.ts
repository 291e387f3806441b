import type { FullJid } from "#protocol/jid/jid.ts";
import type { ScramHash } from "#protocol/sasl/scram-hash.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { EndingState } from "../ending.ts";
import type { SmElement } from "../sm/elements.ts";
import type { SecureChannel } from "../secure-channel.ts";
import type { ServerFeatures } from "./features.ts";
import type { ClientAttempt, InitiatingConfig, SaslAnnouncement } from "./config.ts";

/** The initiating entity's end of a stream: a client's. */
export type InitiatingState =
  | AwaitingHeader
  | AwaitingFeatures
  | AwaitingProceed
  | StartingTls
  | Proving
  | Salting
  | AwaitingResumed
  | AwaitingAddress
  | AwaitingSession
  | Connected
  | ClosingConnected;

export type InitiatingOrEnding = InitiatingState | EndingState;

export interface InitiatingFacts {
  readonly config: InitiatingConfig;
  readonly channel: SecureChannel | undefined;
  readonly authenticated: boolean;
  /** From the current header of the server. */
  readonly language: string | undefined;
  readonly refused: SaslAnnouncement["refused"];
  /** The former stream was asked for in one with authentication, and is lost. */
  readonly notResumed: boolean;
  /** Bound in one with authentication: established as soon as the features are here. */
  readonly address: InlineAddress | undefined;
}

export interface InlineAddress {
  readonly jid: FullJid;
  /** With what the features answered. */
  readonly bound: XmlElement;
  /** What the server says of stream management, where it was asked for. */
  readonly sm: SmElement | undefined;
}

interface Initiating {
  readonly role: "initiating";
  readonly facts: InitiatingFacts;
}

/** After authentication: what the last features offered. */
export interface Offered {
  readonly sm: boolean;
  /** RFC 3921: a session is wanted after binding. */
  readonly session: boolean;
}

/** Our header is sent. */
export interface AwaitingHeader extends Initiating {
  readonly phase: "awaitingHeader";
}
export interface AwaitingFeatures extends Initiating {
  readonly phase: "awaitingFeatures";
}
export interface AwaitingProceed extends Initiating {
  readonly phase: "awaitingProceed";
}
/** TLS handshake. */
export interface StartingTls extends Initiating {
  readonly phase: "startingTls";
}
/** A SASL exchange is under way. */
export interface Proving extends Initiating {
  readonly phase: "proving";
  readonly offered: ServerFeatures;
  readonly announcement: SaslAnnouncement;
  readonly attempt: ClientAttempt;
  /** `key`: a derivation is open, input is paused. */
  readonly waitingFor: "server" | "key";
}
/** The server believes us and has proven itself; it wants keys of the password for another hash. XEP-0480 */
export interface Salting extends Initiating {
  readonly phase: "salting";
  readonly offered: ServerFeatures;
  readonly announcement: SaslAnnouncement;
  readonly attempt: ClientAttempt;
  readonly hash: ScramHash;
  /** `salt` and `server`: for the server; `key`: a derivation is open, input is paused. */
  readonly waitingFor: "salt" | "key" | "server";
}
export interface AwaitingResumed extends Initiating {
  readonly phase: "awaitingResumed";
  readonly offered: Offered;
}
/** Binding is asked for. */
export interface AwaitingAddress extends Initiating {
  readonly phase: "awaitingAddress";
  readonly offered: Offered;
  readonly requested: string | undefined;
}
export interface AwaitingSession extends Initiating {
  readonly phase: "awaitingSession";
  readonly offered: Offered;
  readonly jid: FullJid;
}
/** Established: stanzas go past the machine. */
export interface Connected extends Initiating {
  readonly phase: "connected";
  readonly jid: FullJid;
  readonly sm: "off" | "asked" | "enabled";
}
/** The server has closed, the session finishes. */
export interface ClosingConnected extends Initiating {
  readonly phase: "closingConnected";
}
