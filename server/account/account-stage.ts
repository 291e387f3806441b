import type { BareJid, Jid } from "#protocol/jid/jid.ts";
import type { Verdict } from "#kit/server-module.ts";
import type { Session } from "#kit/session.ts";
import type { Stanza } from "#kit/stanza.ts";
import type { LocalSession } from "../session/session.ts";
import type { CarriedRows } from "./carried-rows.ts";
import type { Account } from "#kit/account.ts";

/** What an account does with what comes to it; the host it lives on. */
export interface AccountStage<Owner extends Account> {
  /** What must be put right before the account does anything; undefined when nothing has to be waited for. */
  readonly woken: (account: Owner) => Promise<void> | undefined;
  readonly outbound: (account: Owner, stanza: Stanza, session: LocalSession) => void | Promise<void>;
  readonly inbound: (account: Owner, stanza: Stanza) => void | Promise<void>;
  readonly outboundVerdict: (account: Owner, stanza: Stanza, session: Session) => Verdict | undefined;
  /** Whether the owner of an address is in this process, so that it can commit what was written here about a stanza. */
  readonly isOwnerHere: (to: Jid) => boolean;
  /** Brings a stanza to an owner in this process, with what was written about it. */
  readonly handOver: (stanza: Stanza, rows: CarriedRows) => void;
  /** A stanza for an account that does not exist. */
  readonly absent: (stanza: Stanza) => void;
  /** A stanza for an account whose data cannot be read at present, or one that its own session sent. */
  readonly unreadable: (stanza: Stanza, cause: unknown, session: LocalSession | undefined) => void;
  /** Stanzas that are not sent because what they are a consequence of could not be written. */
  readonly unwritten: (stanza: Stanza, cause: unknown) => void;
  /** A stanza for which there is no room in the mailbox. */
  readonly crowdedOut: (stanza: Stanza, session: LocalSession | undefined) => void;
  /** Handling something broke down: a bug, told to the log, and to the sender of the stanza that it was. */
  readonly crashed: (account: BareJid, cause: unknown, stanza?: Stanza, session?: LocalSession) => void;
  /** Data could not be read or written; the log is told. */
  readonly storeFailed: (account: BareJid, cause: unknown) => void;
}
