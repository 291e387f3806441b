import type { BareJid, FullJid } from "#protocol/jid/jid.ts";
import type { SaslCondition } from "#protocol/sasl/sasl-condition.ts";
import type { StoredCredentials } from "#protocol/sasl/stored-credentials.ts";
import type { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { StanzaCondition } from "#protocol/stanza/stanza-conditions.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { XmlFault } from "#protocol/xml/fault.ts";
import type { TokenCandidate } from "#protocol/sasl/token-candidate.ts";
import type { IssuedToken } from "./fast-elements.ts";
import type { HeaderContext } from "./header-rules.ts";
import type { SecureChannel } from "./secure-channel.ts";
import type { StreamError } from "./stream-error.ts";

/** What can happen to a stream: the peer did something, an effect was answered, time passed, the owner wants out. */
export type StreamInput = PeerInput | AnswerInput | OwnerInput;

/** From the transport and the reader. */
export type PeerInput =
  /** A stream header was read; `context` as the reader gives it, absent on transports that frame otherwise. */
  | { readonly type: "opened"; readonly header: XmlElement; readonly context?: HeaderContext }
  /** A first-level element was read that is not a stanza of an established stream. */
  | { readonly type: "element"; readonly element: XmlElement }
  /** The peer closed its stream. */
  | { readonly type: "closed" }
  /** The reader refused what it read; nothing more will come out of it. */
  | { readonly type: "fault"; readonly fault: XmlFault }
  /** White space between elements. RFC 6120 §4.6.1 */
  | { readonly type: "keepAlive" }
  /** The TLS handshake asked for with startTls succeeded. */
  | { readonly type: "secured"; readonly channel: SecureChannel }
  /** The transport is gone, whoever ended it (also after a failed TLS handshake). */
  | { readonly type: "disconnected" };

/** Answers to effects; each is legal once, after its effect, and ignored at any other time. */
export type AnswerInput =
  /** To lookupCredentials: `undefined` when there is no such account. */
  | { readonly type: "credentials"; readonly found: StoredCredentials | undefined }
  /** To lookupTokens: none when there is no such account or device. */
  | { readonly type: "tokens"; readonly found: readonly TokenCandidate[] }
  /** To derive. */
  | { readonly type: "derived"; readonly key: Uint8Array }
  /** To authorize: whose stream this is now. */
  | { readonly type: "authorized"; readonly user: BareJid }
  /** To keepCredentials. */
  | { readonly type: "credentialsKept" }
  /** To issueToken; without one when there is none to give. */
  | { readonly type: "tokenIssued"; readonly issued?: IssuedToken }
  /** To lookupCredentials, lookupTokens, derive, keepCredentials and authorize: authentication ends here. */
  | { readonly type: "authenticationFailed"; readonly condition: SaslCondition; readonly text?: string }
  /** To earlyRequest. */
  | { readonly type: "earlyReply"; readonly element: XmlElement }
  /** To bindResource: the address of the stream, and by Bind 2 what the features that were asked for answer. */
  | { readonly type: "bound"; readonly jid: FullJid; readonly answers?: readonly XmlElement[] }
  /** To bindResource: `conflict`, `not-allowed`, `resource-constraint`, `bad-request`, `not-acceptable` … */
  | { readonly type: "bindFailed"; readonly error: StanzaError }
  /** To enableSm. */
  | {
      readonly type: "smEnabled";
      /** Absent when the stream cannot be resumed. */
      readonly resumption?: { readonly id: string; readonly secondsMax?: number; readonly location?: string };
    }
  /** To resumeSm: the address of the resumed stream, and how many stanzas of the peer we have handled. */
  | { readonly type: "smResumed"; readonly jid: FullJid; readonly h: number }
  /** To enableSm and resumeSm. `h` only for a stream that was known. */
  | { readonly type: "smFailed"; readonly condition: StanzaCondition; readonly h?: number };

/** From whoever owns the stream. */
export type OwnerInput =
  /** End the stream, with an error or in peace. Also the answer to peerClosed. */
  { readonly type: "close"; readonly error?: StreamError } | { readonly type: "timeout"; readonly timer: StreamTimer };

/**
 * `negotiation`: absolute, from the first byte until the stream is established; nothing the peer sends prolongs it (A7).
 * `closing`: from our closing tag to the peer's.
 */
export type StreamTimer = "negotiation" | "closing";
