import type { Account } from "#kit/account.ts";
import type { Stanza } from "#kit/stanza.ts";
import type { Write } from "#kit/storage.ts";
import type { LocalSession } from "./session.ts";

/** What a session needs of the account that it belongs to. */
export interface SessionOwner extends Account {
  readonly sessions: Map<string, LocalSession>;
  /** Whether it lives in memory alone, as long as its session does. */
  readonly isTemporary: boolean;
  /** So much waits with it that whoever feeds it had better wait, too. */
  readonly crowded: boolean;
  /** One of its sessions sends a stanza. */
  readonly accept: (stanza: Stanza, session: LocalSession) => void;
  /** Delivers to a session, in the outbox's order. */
  readonly sendTo: (session: LocalSession, stanza: Stanza) => void;
  /**
   * Like `post`, for the server's own parts; told `undefined` when the account does not exist. While its data cannot be
   * read the task waits.
   */
  readonly postLocal: (task: OwnerTask) => void;
  /** Like `postLocal`, but told at once when the account's data cannot be read. */
  readonly request: (perform: OwnerTask, unreadable: (cause: unknown) => void) => void;
  readonly write: (write: Write) => void;
}

type OwnerTask = (account: SessionOwner | undefined) => void | Promise<void>;
