import { Stanza, stanzaOf } from "#kit/stanza.ts";
import type { Account } from "#kit/account.ts";
import { guarded, refuseUnreadable, type Refuser, type Sessions } from "./refused-work.ts";
import { Outgoing, type Work } from "./work.ts";

/**
 * The account's data cannot be read: stanzas and requests get an error; tasks wait, and who comes and goes is kept in mind.
 *
 * @returns what waits on
 */
export function whileUnreadable<Owner extends Account>(
  refuser: Refuser,
  sessions: Sessions,
  work: Work<Owner>,
  cause: unknown,
): Work<Owner> | undefined {
  if (typeof work === "function") return work;
  if (work instanceof Stanza && isNotice(work)) return waiting(work);
  if (work instanceof Outgoing && work.stanza.to === undefined && isNotice(work.stanza))
    return new Outgoing(waiting(work.stanza), work.session);
  if ("perform" in work) guarded(refuser, () => work.unreadable(cause));
  else refuseUnreadable(refuser, sessions, work, cause);
  return undefined;
}

/** Whether it says that somebody comes, changes or goes: nobody would say it once more. */
function isNotice({ kind, type }: Stanza): boolean {
  return kind === "presence" && (type === undefined || type === "unavailable");
}

/** Its sender need not wait for that. */
function waiting(notice: Stanza): Stanza {
  notice.release();
  return stanzaOf(notice.kind, notice.element, notice.from, notice.to);
}
