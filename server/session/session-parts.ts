import type { FullJid } from "#protocol/jid/jid.ts";
import type { StreamError } from "#protocol/stream/stream-error.ts";
import type { Env } from "#kit/env.ts";
import type { LocalAccount } from "../account/account.ts";
import type { Tally } from "../core-settings.ts";
import type { LocalHost } from "../host/local-host.ts";
import type { Admission } from "./admit.ts";
import type { EndedSessions } from "./ended-sessions.ts";
import type { HibernatedSession, OwedValue } from "./hibernation.ts";
import type { SessionLimits } from "./session-limits.ts";
import type { SessionLink } from "./session-link.ts";

export interface LocalSessionParts {
  readonly jid: FullJid;
  readonly resource: string;
  readonly account: LocalAccount;
  readonly host: LocalHost;
  readonly env: Env;
  readonly limits: SessionLimits;
  readonly admission: Omit<Admission, "jid">;
  /** How it is connected, or what was stored of it before the server was started. */
  readonly begin: SessionLink | StoredSession;
  readonly endedSessions: EndedSessions;
  readonly tally: Tally;
}

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
