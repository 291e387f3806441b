import type { Stanza } from "#kit/stanza.ts";
import type { LocalSession } from "../session/session.ts";
import type { Account } from "#kit/account.ts";
import type { CarriedRows } from "./carried-rows.ts";

/** One thing that waits in the mailbox: a stanza that arrives, one that a session sends, a task, or a request. */
export type Work<Owner extends Account> = Stanza | Outgoing | Incoming | Task<Owner> | Request<Owner>;
/** Told undefined where the account does not exist. */
export type Task<Owner extends Account> = (account: Owner | undefined) => void | Promise<void>;

/** A task that somebody waits for, and who would rather be told that it cannot be done than wait for long. */
export interface Request<Owner extends Account> {
  readonly perform: Task<Owner>;
  readonly unreadable: (cause: unknown) => void;
}

export class Outgoing {
  readonly stanza: Stanza;
  readonly session: LocalSession;

  constructor(stanza: Stanza, session: LocalSession) {
    this.stanza = stanza;
    this.session = session;
  }
}

/** A stanza that arrives with what its sender wrote about it. */
export class Incoming {
  readonly stanza: Stanza;
  readonly rows: CarriedRows;

  constructor(stanza: Stanza, rows: CarriedRows) {
    this.stanza = stanza;
    this.rows = rows;
  }
}
