import type { DomainJid } from "#protocol/jid/jid.ts";
import type { EndingState } from "../ending.ts";
import type { SecureChannel } from "../secure-channel.ts";
import type { StreamVersion } from "../stream-version.ts";
import type { PairTable } from "./pair-table.ts";
import type { ServerErrand, ServerHost, ServerSide } from "./server-config.ts";
import type { PeerVerdict } from "./peer-verdict.ts";

/** Where a stream between servers is. */
export type ServerStreamState = OpenServerStream | EndingState;

/** Not yet closed by us. */
export type OpenServerStream = ServerReceivingState | ServerInitiatingState;

/** Ours is the server that was connected to. */
export interface ServerReceivingState {
  readonly role: "receiving";
  readonly phase: ReceivingPhase;
  readonly facts: ServerFacts;
}

/** Ours is the server that has connected. */
export interface ServerInitiatingState {
  readonly role: "initiating";
  readonly phase: InitiatingPhase;
  readonly facts: ServerFacts;
  readonly errand: ServerErrand;
}

export type ReceivingPhase =
  /** A header must come next: at the start, after TLS, after SASL. */
  | "opening"
  /** The peer's certificate is being checked; input is paused. */
  | "checkingPeer"
  /** Features are sent. No pair is authorized. */
  | "negotiating"
  /** TLS handshake. */
  | "securing"
  /** EXTERNAL was begun without a first message. */
  | "authenticating"
  | SharedPhase
  /** Input is paused while the owner switches stream management on, or looks for the stream to resume. */
  | "enablingSm"
  | "resumingSm";

export type InitiatingPhase =
  /** Our header is sent. */
  | "awaitingHeader"
  | "awaitingFeatures"
  | "awaitingProceed"
  /** TLS handshake. */
  | "startingTls"
  /** TLS is there, whose it is is being found out; input is paused. */
  | "checkingPeer"
  /** EXTERNAL is on its way. */
  | "authenticating"
  /** By dialback. Also where a stream stays that only verifies keys. */
  | "negotiating"
  | "awaitingResumed"
  | SharedPhase;

type SharedPhase =
  /** A pair is authorized: stanzas go past the machine. */
  | "established"
  /** The peer has closed, the owner finishes. */
  | "finishing";

/** What is known in every phase. */
export interface ServerFacts {
  readonly side: ServerSide;
  readonly channel: SecureChannel | undefined;
  /** Ours. Since the first header that named it: a stream never moves to another host (A25). */
  readonly host: ServerHost | undefined;
  /** The domain that the stream is with; unknown while the peer has not said. */
  readonly remote: DomainJid | undefined;
  /** On the certificate of that domain; undefined without TLS, or while nobody has checked. */
  readonly verdict: PeerVerdict | undefined;
  /** Of the present stream, given by the receiving side: what dialback keys are made for. */
  readonly id: string;
  /** Whether the present stream has our header: an error before it must be preceded by one. [rfc6120-4.9.1.2-01] */
  readonly headerSent: boolean;
  /** From the current header of the peer. */
  readonly version: StreamVersion;
  readonly language: string | undefined;
  /** What is announced on the present stream; nothing else is accepted, or asked for. */
  readonly offer: ServerOffer;
  /** Whether the peer, or we, have authenticated by SASL. */
  readonly external: boolean;
  readonly pairs: PairTable;
  /** XEP-0288 */
  readonly bidirectional: boolean;
  /** Whether stream management was asked for: once is all. [xep0198-3-11] */
  readonly sm: "unasked" | "asked" | "refused" | "enabled";
  /** The former stream that the peer has asked for. */
  readonly resuming: string | undefined;
  readonly saslFailures: number;
  /** The peer has asked whether a key is ours: a purpose of the stream, be it the only one. XEP-0220 §2.2.2 */
  readonly consulted: boolean;
}

/** What the receiving side has announced. */
export interface ServerOffer {
  readonly starttls: "required" | "optional" | "none";
  readonly external: boolean;
  readonly dialback: boolean;
  /** Errors are told within dialback, so that several pairs can be asked for. XEP-0220 §2.4.2 */
  readonly dialbackErrors: boolean;
  readonly bidi: boolean;
  readonly sm: boolean;
}

export const noOffer: ServerOffer = {
  starttls: "none",
  external: false,
  dialback: false,
  dialbackErrors: false,
  bidi: false,
  sm: false,
};
