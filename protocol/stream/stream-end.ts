import type { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { DialbackRefusal } from "./servers/dialback-elements.ts";
import type { StreamError } from "./stream-error.ts";

/** How a stream ended. */
export type StreamEnd =
  /** Both sides closed it. */
  | { readonly type: "closed" }
  /** We closed it with this error. */
  | { readonly type: "errorSent"; readonly error: StreamError }
  /** The peer closed it with this error. */
  | { readonly type: "errorReceived"; readonly error: StreamError }
  /** The transport went away under an open stream: it may be resumed. XEP-0198 §7. */
  | { readonly type: "disconnected" }
  /** We closed and the peer did not answer in time. */
  | { readonly type: "closeTimedOut" }
  /** Initiating role: we gave up. */
  | { readonly type: "failed"; readonly failure: NegotiationFailure };

/** Why the initiating role gives up. */
export type NegotiationFailure =
  /** We insist on TLS and the peer has none, or refused it. */
  | { readonly type: "tlsUnavailable" }
  /** No mechanism suits both. */
  | { readonly type: "noMechanism"; readonly offered: readonly string[] }
  /** The peer refused us. */
  | {
      readonly type: "authenticationFailed";
      readonly mechanism: string;
      readonly condition: string;
      readonly text: string | undefined;
    }
  /** The peer could not prove itself, or broke the mechanism's rules: treat as an attack. */
  | { readonly type: "serverNotAuthentic"; readonly mechanism: string; readonly text: string | undefined }
  | { readonly type: "bindFailed"; readonly error: StanzaError }
  /** Between servers: the peer's certificate is not good for its domain, and we insist on one. */
  | { readonly type: "peerNotTrusted"; readonly reason: string }
  /** Between servers: neither its certificate nor dialback convinced the peer, or us, of who is who. XEP-0220 */
  | { readonly type: "pairRefused"; readonly refusal: DialbackRefusal }
  /** We are who we say, and the peer wants something else done first that we cannot do. XEP-0388 §2.6.3 */
  | { readonly type: "taskRequired"; readonly tasks: readonly string[] }
  /** The peer does not speak XMPP 1.0, or not at this point. */
  | { readonly type: "protocol"; readonly text: string };
