import type { Account } from "#kit/account.ts";
import type { Session } from "#kit/session.ts";
import type { Stanza } from "#kit/stanza.ts";
import type { Write } from "#kit/storage.ts";
import type { SteppedHost } from "../host/stepped-host.ts";

/** What the parts of a session need of the account that it belongs to. */
export interface SessionAccount extends Account {
  readonly host: SteppedHost;
  readonly sessions: Map<string, Session>;
  /** Whether it lives in memory alone, as long as its session does. */
  readonly isTemporary: boolean;
  /** Like `post`, and told at once when the account's data cannot be read. */
  readonly request: (perform: () => void | Promise<void>, unreadable: (cause: unknown) => void) => void;
  /** Like `post`, when nothing is being written, and nothing waits for that: nothing else is handled until then. */
  readonly postQuietly: (task: (account: Account) => void) => void;
  /** Joins the batch of what is being handled. */
  readonly write: (write: Write) => void;
}

/** What a session itself needs of it. */
export interface SessionOwner<Own extends Session> extends SessionAccount {
  readonly sessions: Map<string, Own>;
  /** So much waits with it that whoever feeds it had better wait, too. */
  readonly crowded: boolean;
  /** One of its sessions sends a stanza. */
  readonly accept: (stanza: Stanza, session: Own) => void;
  /** Delivers to a session, in the outbox's order. */
  readonly sendTo: (session: Own, stanza: Stanza) => void;
  /**
   * Like `post`, for the server's own parts; told `undefined` when the account does not exist. While its data cannot be
   * read the task waits.
   */
  readonly postLocal: (task: (account: SessionOwner<Own> | undefined) => void | Promise<void>) => void;
}
