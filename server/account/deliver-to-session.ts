import type { BareJid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import type { Stanza } from "#kit/stanza.ts";
import type { LocalSession } from "../session/session.ts";
import type { AccountStage } from "./account-stage.ts";
import type { Batches } from "./batches.ts";

/** The account that a session belongs to. */
interface Owner {
  readonly jid: BareJid;
  readonly stage: Pick<AccountStage<Account>, "unwritten">;
}

/** Has a session transmit a stanza, in the outbox's order: behind what its account wrote before. */
export function deliverToSession(owner: Owner, batches: Batches, session: LocalSession, stanza: Stanza): void {
  if (!batches.isGated && !batches.hasFailed) return transmit(batches, session, stanza);
  // A row of the batch of what caused it: nobody sees it before that is durable.
  if (session.hibernates && session.queued === 0 && batches.mayJoin(whatTells(owner, stanza)))
    return sendWithBatch(owner, batches, session, stanza);
  return sendBehind(owner, batches, session, stanza);
}

function sendBehind({ jid, stage }: Owner, batches: Batches, session: LocalSession, stanza: Stanza): void {
  stanza.hold();
  session.queued += 1;
  const run = (): void => {
    session.queued -= 1;
    try {
      session.transmit(stanza);
    } finally {
      stanza.release();
    }
  };
  if (stanza.type === "error") return batches.whenDurable(run, run);
  const failed = (cause: unknown): void => {
    session.queued -= 1;
    stage.unwritten(stanza, cause);
    stanza.release();
  };
  // What the account pushes of its own data is as true as they are; errors and what others say stay what they are.
  if (isPush(jid, stanza)) return batches.whenConfirmed(run, failed);
  return batches.whenDurable(run, failed);
}

function sendWithBatch({ stage }: Owner, batches: Batches, session: LocalSession, stanza: Stanza): void {
  // That something was refused is true though what was to be written about it is not written.
  if (stanza.type !== "error" && batches.isFilling)
    batches.whenDurable(nothing, (cause) => {
      if (session.management?.owed.withdraw(stanza) === true) stage.unwritten(stanza, cause);
    });
  transmit(batches, session, stanza);
}

function transmit(batches: Batches, session: LocalSession, stanza: Stanza): void {
  const { onlyOwes } = batches;
  session.transmit(stanza);
  if (onlyOwes) batches.countAsOwed();
}

function whatTells({ jid }: Owner, stanza: Stanza): "message" | "push" | "else" {
  if (stanza.kind === "message") return "message";
  return isPush(jid, stanza) ? "push" : "else";
}

/** What an account tells its sessions of its own data. */
function isPush(jid: BareJid, { kind, type, from }: Stanza): boolean {
  return kind === "iq" && type === "set" && from === jid;
}

function nothing(): void {}
