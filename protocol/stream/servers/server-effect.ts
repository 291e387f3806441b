import type { DomainJid } from "#protocol/jid/jid.ts";
import type { NewsEffect, TimerEffect, WireEffect } from "../stream-effect.ts";
import type { DialbackRefusal } from "./dialback-elements.ts";
import type { DomainPair, PairWays } from "./domain-pair.ts";

/** What the machine of a stream between servers wants done, to be carried out in the order given. */
export type ServerEffect = WireEffect | ServerQuestion | ServerNews | TimerEffect;

export type ServerQuestion =
  /**
   * Whether the certificate of the peer is good for a domain. Answer with peerChecked. About the domain of the stream
   * itself it is asked when input is paused, before anything can depend on it; about further ones while others' traffic
   * goes on.
   */
  | { readonly type: "checkPeer"; readonly local: DomainJid; readonly remote: DomainJid }
  /**
   * Whether a key is valid that the peer has sent: ask a server of `remote`, over another stream than this one, with
   * `verify`. Answer with keyVerified; others' traffic goes on meanwhile. XEP-0220 §2.1.2
   */
  | ({ readonly type: "verifyKey" } & DialbackRequest)
  /** Input is paused. */
  | { readonly type: "enableSm"; readonly resume: boolean; readonly secondsMax: number | undefined }
  /** Input is paused. Whoever asks has been authorized for `pairs`; the stream must have been one of theirs. */
  | {
      readonly type: "resumeSm";
      readonly previous: string;
      readonly h: number;
      readonly pairs: readonly DomainPair[];
    };

/** A key that is to be verified. */
export interface DialbackRequest extends DomainPair {
  /** Of the stream for which the key was made. */
  readonly id: string;
  readonly key: string;
}

/** How a key turned out. */
export type KeyOutcome = { readonly type: "valid" } | DialbackRefusal;

/** How a domain proved who it is: by SASL EXTERNAL, by a key that was verified, by its certificate in place of such a key. */
export type AuthorizedBy = "external" | "dialback" | "certificate" | "resumption";

export type ServerNews =
  | Extract<
      NewsEffect,
      { type: "smEnabled" | "smFailed" | "ackRequested" | "ackReceived" | "stanza" | "peerClosed" | "ended" }
    >
  /** From now on stanzas of these domains may flow this way. The first one is followed by established. */
  | ({ readonly type: "pairAuthorized"; readonly ways: PairWays; readonly by: AuthorizedBy } & DomainPair)
  /** `out`: the peer does not let us send, or cannot be believed. `in`: we told the peer so. */
  | ({ readonly type: "pairRefused"; readonly ways: "in" | "out"; readonly refusal: DialbackRefusal } & DomainPair)
  /** Stanzas may flow, and from now on go past the machine; whether each belongs to an authorized pair is not its business (A35). */
  | {
      readonly type: "established";
      readonly how: "new" | "resumed";
      readonly language: string | undefined;
      /** Initiating role, resumed: how many of our stanzas the peer has handled. */
      readonly h?: number;
      /** Initiating role: `<enable/>` is just sent, so what is sent from here on counts. XEP-0198 §4 */
      readonly smAsked?: boolean;
    }
  /** From now on each authorized pair holds both ways. XEP-0288 */
  | { readonly type: "bidirectional" }
  /** What the peer says of a key that we asked about with verify. */
  | ({ readonly type: "verified"; readonly outcome: KeyOutcome } & Omit<DialbackRequest, "key">)
  | { readonly type: "log"; readonly event: ServerStreamEvent };

/** Worth a line in the log or a counter. */
export type ServerStreamEvent =
  | {
      readonly name: "authentication-failed";
      readonly mechanism: string;
      readonly condition: string;
      readonly failures: number;
    }
  /** Somebody who is not who they say, or a server that is set up wrongly. XEP-0220 §2.2.1 */
  | ({ readonly name: "key-invalid" } & DomainPair)
  /** A32: an answer that nobody asked for. */
  | { readonly name: "unsolicited-dialback"; readonly element: "result" | "verify" }
  | { readonly name: "peer-not-trusted"; readonly remote: DomainJid; readonly reason: string }
  | { readonly name: "input-while-paused"; readonly phase: string };
