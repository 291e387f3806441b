import type { StreamError } from "#protocol/stream/stream-error.ts";
import type { HibernatedSession, OwedValue } from "./hibernation.ts";

/** A session as it was stored: it may be resumed under this id, and owes to its client what is in the rows. */
export interface StoredSession {
  readonly id: string;
  readonly session: HibernatedSession;
  readonly rows: ReadonlyMap<number, OwedValue>;
}

/** What becomes of an attempt to go on over another connection. */
export type Resumption =
  /** @property h how many of the client's stanzas we have handled */
  | { readonly type: "resumed"; readonly h: number }
  /** The session cannot be resumed, or not any more. */
  | { readonly type: "gone" }
  /** What is stored of it cannot be read or written at present; it stays as it is. */
  | { readonly type: "unavailable" }
  /** The client claims what cannot be; its new stream deserves this error and the session stays as it is. */
  | { readonly type: "impossible"; readonly error: StreamError };
