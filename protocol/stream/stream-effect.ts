import type { CredentialRenewal } from "#protocol/sasl/server-exchange.ts";
import type { BareJid, FullJid } from "#protocol/jid/jid.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { Bind2Request } from "./bind2-elements.ts";
import type { TokenUse } from "./sasl2-elements.ts";
import type { IssuedToken } from "./fast-elements.ts";
import type { StreamEnd } from "./stream-end.ts";
import type { StreamHeader } from "./stream-header.ts";
import type { StreamTimer } from "./stream-input.ts";
import type { UserAgent } from "./user-agent.ts";

/** What the machine wants done, to be carried out in the order given. */
export type StreamEffect = WireEffect | QuestionEffect | NewsEffect | TimerEffect;

/** For the transport and the reader. */
export type WireEffect =
  | { readonly type: "sendHeader"; readonly header: StreamHeader }
  | { readonly type: "send"; readonly element: XmlElement }
  /** Send the closing tag; nothing is sent after it. */
  | { readonly type: "sendClose" }
  /** Begin the TLS handshake once what was sent before is written; answer with secured or disconnected. */
  | { readonly type: "startTls" }
  /**
   * The next thing read is a stream header. `drop` throws away all input that was received so far, decoded or not:
   * what came before TLS must not be read as if it came through it (A21).
   */
  | { readonly type: "restartInput"; readonly rest: "keep" | "drop" }
  /** Read no further: a question is open. What is already received waits. */
  | { readonly type: "pauseInput" }
  /** Always the last of its step: what was waiting may be read at once. */
  | { readonly type: "resumeInput" }
  /** End the transport once what was sent is written (on TLS: with close_notify). [rfc6120-4.4-02] */
  | { readonly type: "disconnect" };

/** Questions; input is paused until the answer comes. Each is the last effect of its step, so it may be answered at once. */
export type QuestionEffect =
  | { readonly type: "lookupCredentials"; readonly username: string }
  /** Which tokens this device of theirs may present. Answer with tokens. */
  | { readonly type: "lookupTokens"; readonly username: string; readonly device: string }
  | {
      readonly type: "derive";
      readonly hash: "SHA-1" | "SHA-256" | "SHA-512";
      readonly password: Uint8Array;
      readonly salt: Uint8Array;
      readonly iterations: number;
      /** Of the key, in bytes. */
      readonly length: number;
    }
  /** The credentials were right: may they come in, and as whom? Answer with authorized or authenticationFailed. */
  | {
      readonly type: "authorize";
      readonly mechanism: string;
      /** The account at our domain that was proven, or that they may act as; made up when anonymous. */
      readonly user: BareJid;
      readonly anonymous: boolean;
      /** SASL2: what the client says that it is. */
      readonly userAgent?: UserAgent | undefined;
      /** By a token: it must be good still, and be marked as used. XEP-0484 §3.4–3.6 */
      readonly token?: PresentedToken;
    }
  /** Keys for a further hash, made of a password that was just proven. Answer with credentialsKept when they are durable. */
  | { readonly type: "keepCredentials"; readonly user: BareJid; readonly renewal: CredentialRenewal }
  /**
   * A token for later log-ins of this device: asked for, with `mechanism`, or perhaps due because that which was
   * presented will not last. Answer with tokenIssued when it is durable.
   */
  | {
      readonly type: "issueToken";
      readonly user: BareJid;
      readonly userAgent: UserAgent & { readonly id: string };
      readonly mechanism: string | undefined;
    }
  /** A request that the host lets through before authentication (registration). Answer with earlyReply. */
  | { readonly type: "earlyRequest"; readonly element: XmlElement }
  /** Give the stream a resource; `requested` as the client wrote it, `undefined` to generate one. */
  | {
      readonly type: "bindResource";
      readonly user: BareJid;
      readonly requested: string | undefined;
      /** By Bind 2: features are switched on with it, and the resource is ours to choose. */
      readonly bind2?: Bind2Request & { readonly userAgent: UserAgent | undefined };
    }
  | { readonly type: "enableSm"; readonly resume: boolean; readonly secondsMax: number | undefined }
  | { readonly type: "resumeSm"; readonly user: BareJid; readonly previous: string; readonly h: number };

/** A token that a client has proven to have. */
export interface PresentedToken extends TokenUse {
  readonly device: string;
  /** As it is kept. */
  readonly key: Uint8Array;
}

/** For the session above. */
export type NewsEffect =
  /** A password was right, and its keys are not what the host makes today: keep these, if the old are kept still. */
  | { readonly type: "renewCredentials"; readonly user: BareJid; readonly renewal: CredentialRenewal }
  /** Stanzas may flow, and from now on go past the machine. */
  | {
      readonly type: "established";
      readonly jid: FullJid;
      readonly how: "bound" | "resumed";
      /** What the peer's stanzas are written in unless they say otherwise. RFC 6120 §4.7.4 */
      readonly language: string | undefined;
      /** Initiating role, resumed: how many of our stanzas the peer has handled. */
      readonly h?: number;
      /** Initiating role, by Bind 2: what the features answered. XEP-0386 */
      readonly bound?: XmlElement;
      /** Initiating role: `<enable/>` is just sent, so what is sent from here on counts. XEP-0198 §4 */
      readonly smAsked?: boolean;
    }
  /** Initiating role: counting begins now, and the stream can be resumed with `id`. */
  | {
      readonly type: "smEnabled";
      readonly id: string | undefined;
      readonly secondsMax: number | undefined;
      readonly location: string | undefined;
    }
  /** Initiating role: a token to log in with from now on, by this mechanism. XEP-0484 */
  | ({ readonly type: "tokenReceived"; readonly mechanism: string } & IssuedToken)
  /** Initiating role: it stays without stream management; or a resumption failed, after which `h` still says what arrived. */
  | { readonly type: "smFailed"; readonly condition: string; readonly h: number | undefined }
  /** The peer wants to know how far we are. */
  | { readonly type: "ackRequested" }
  /** The peer has handled `h` of our stanzas. */
  | { readonly type: "ackReceived"; readonly h: number }
  /** A stanza that reached the machine although it is established; as good as one that went past it. */
  | { readonly type: "stanza"; readonly element: XmlElement }
  /** A first-level element that is no stanza and that the host said means something to its sessions. */
  | { readonly type: "nonza"; readonly element: XmlElement }
  /** The peer sends no more: finish (last stanzas, last `<a/>`: S7) and answer with close. */
  | { readonly type: "peerClosed" }
  /** Over; no more effects follow. */
  | { readonly type: "ended"; readonly end: StreamEnd }
  | { readonly type: "log"; readonly event: StreamEvent };

export type TimerEffect =
  | { readonly type: "startTimer"; readonly timer: StreamTimer }
  | { readonly type: "stopTimer"; readonly timer: StreamTimer };

/** Worth a line in the log or a counter. */
export type StreamEvent =
  | {
      readonly name: "authentication-failed";
      readonly mechanism: string;
      readonly condition: string;
      readonly failures: number;
    }
  | { readonly name: "bind-failed"; readonly condition: string; readonly failures: number }
  | { readonly name: "input-while-paused"; readonly phase: string };
