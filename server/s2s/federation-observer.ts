import type { RouteFailureKind } from "./route-failure.ts";

/** What happens between servers and is counted. */
export interface FederationObserver {
  readonly routeFailed?: (kind: RouteFailureKind) => void;
  readonly returned?: (condition: string) => void;
  /** An error about a message found no way to the sender's server, and nobody is left whom it could be sent back to. */
  readonly errorDropped?: () => void;
  /** A stream broke that could not be resumed: what has become of the stanzas on it, in numbers. */
  readonly streamBroke?: (fates: StanzaFates) => void;
}

/** Stanzas that were on a stream when it broke. */
export interface StanzaFates {
  /** Sent once more. */
  readonly again: number;
  /** Gone back to their senders. */
  readonly returned: number;
  /** Taken by the system in the last minute on a stream without stream management: whether they have arrived nobody knows. */
  readonly unproven: number;
}
