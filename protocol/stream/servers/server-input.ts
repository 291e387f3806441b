import type { AnswerInput, OwnerInput, PeerInput } from "../stream-input.ts";
import type { DomainPair, HeldPair } from "./domain-pair.ts";
import type { PeerVerdict } from "./peer-verdict.ts";
import type { DialbackRequest, KeyOutcome } from "./server-effect.ts";

/** What can happen to a stream between servers. */
export type ServerInput = PeerInput | ServerAnswer | OwnerInput | ServerOrder;

/** Answers to questions; what comes too late or unasked changes nothing. */
export type ServerAnswer =
  /** To checkPeer. */
  | ({ readonly type: "peerChecked" } & PeerVerdict & DomainPair)
  /** To verifyKey. A server that cannot be reached is an error: see DialbackCondition. */
  | ({ readonly type: "keyVerified"; readonly outcome: KeyOutcome } & Omit<DialbackRequest, "key">)
  | Extract<AnswerInput, { type: "smEnabled" | "smFailed" }>
  /** To resumeSm: how many stanzas of the peer we have handled, and the pairs that were authorized on the former stream. */
  | { readonly type: "smResumed"; readonly h: number; readonly pairs: readonly HeldPair[] };

/** From whoever owns the stream, at any time; what cannot be asked yet waits until it can. */
export type ServerOrder =
  /**
   * Get a further pair authorized, by dialback. Answered by pairAuthorized, pairRefused or the end of the stream. Further
   * target domains only where the peer has announced dialback errors (XEP-0220 §2.6.2), and where a stream to them would
   * lead to the same server.
   */
  | ({ readonly type: "authorizePair" } & DomainPair)
  /** Ask whether a key is valid that came over another stream. Answered by verified or the end of the stream. */
  | ({ readonly type: "verify" } & DialbackRequest);
