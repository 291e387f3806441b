import { resourceOf, type BareJid } from "#protocol/jid/jid.ts";
import { isAnswer } from "#protocol/stanza/stanza-error.ts";
import type { Account } from "#kit/account.ts";
import { Stanza } from "#kit/stanza.ts";
import type { LocalSession } from "../session/session.ts";
import type { AccountStage } from "./account-stage.ts";
import { type CarriedRows, noRoom } from "./carried-rows.ts";
import { Incoming, Outgoing } from "./work.ts";

/** Who hears of what broke down. */
interface Guard {
  readonly jid: BareJid;
  readonly stage: Pick<AccountStage<Account>, "crashed">;
}

/** Whoever cannot handle what has come. */
export interface Refuser extends Guard {
  readonly stage: Pick<AccountStage<Account>, "absent" | "unreadable" | "crowdedOut" | "crashed">;
}

export type Sessions = ReadonlyMap<string, LocalSession>;

/** A stanza arrives for which there is no room. */
export function refuseForRoom(refuser: Refuser, sessions: Sessions, stanza: Stanza, rows?: CarriedRows): void {
  if (isAnswer(stanza)) {
    stanza.hold();
    passOn(refuser, sessions, stanza);
    rows?.ended({ cause: noRoom() });
  } else {
    // First: that it was refused is no consequence of what was not written.
    rows?.ended({ cause: noRoom() });
    refuser.stage.crowdedOut(stanza, undefined);
  }
}

/** The account does not exist. */
export function refuseAbsent(refuser: Refuser, work: Stanza | Outgoing | Incoming): void {
  const stanza = work instanceof Stanza ? work : work.stanza;
  guarded(refuser, () => refuser.stage.absent(stanza));
  stanza.release();
}

/** The account's data cannot be read. */
export function refuseUnreadable(
  refuser: Refuser,
  sessions: Sessions,
  work: Stanza | Outgoing | Incoming,
  cause: unknown,
): void {
  const stanza = work instanceof Stanza ? work : work.stanza;
  const session = work instanceof Outgoing ? work.session : undefined;
  if (session === undefined && isAnswer(stanza)) passOn(refuser, sessions, stanza);
  else {
    guarded(refuser, () => refuser.stage.unreadable(stanza, cause, session));
    stanza.release();
  }
  if (work instanceof Incoming) work.rows.ended({ cause });
}

/** One thing that breaks down must not take along what comes behind it. */
export function guarded({ jid, stage }: Guard, run: () => void): void {
  try {
    run();
  } catch (cause) {
    stage.crashed(jid, cause);
  }
}

/**
 * An answer cannot be refused: if it went nowhere, who sent a message would believe it safe that was not. It is for a
 * session that asked, or for nobody.
 */
function passOn(refuser: Refuser, sessions: Sessions, answer: Stanza): void {
  const session = sessions.get((answer.to && resourceOf(answer.to)) ?? "");
  if (session !== undefined) guarded(refuser, () => session.send(answer));
  answer.release();
}
