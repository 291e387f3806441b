import type { ClientSession } from "./client-session.ts";
import { endedLateMs, type Copy, type Entry, type Ledger } from "./ledger.ts";
import type { WorldModel } from "./world-model.ts";

/**
 * Of three devices that want copies each has a message once (XEP-0280): no copy is lost, and who has the message itself
 * gets none. Of sessions that lived to the end, from the answer that copies are on.
 */
export function checkCopies(ledger: Ledger, model: WorldModel, sessions: readonly ClientSession[]): readonly string[] {
  const byAccount = Map.groupBy(
    sessions.filter(({ copiesSince, endedEarly }) => copiesSince < Infinity && !endedEarly),
    ({ account }) => account,
  );
  return ledger.entries.flatMap((entry) => [
    ...missing(entry, model, byAccount),
    ...entry.copies
      .filter((copy) => isDouble(entry, copy, model, sessions))
      .map(({ session }) => doubled(entry, session)),
  ]);
}

function missing(
  entry: Entry,
  model: WorldModel,
  byAccount: ReadonlyMap<string, readonly ClientSession[]>,
): readonly string[] {
  const { account, from, id, kind, sentAt } = entry;
  if (kind === "headline" || model.everBlocked(from.account, account)) return [];
  const wanting = (whose: string): readonly ClientSession[] =>
    (byAccount.get(whose) ?? []).filter(({ copiesSince }) => copiesSince <= sentAt);
  const has = (session: ClientSession, direction: Copy["direction"]): boolean =>
    entry.copies.some((copy) => copy.session === session && copy.direction === direction);
  const found: string[] = [];
  // What could not be written was not sent.
  if (entry.acknowledgedAt !== undefined && entry.bouncedAt === undefined)
    for (const session of wanting(from.account))
      if (session !== from && !has(session, "sent"))
        found.push(`${session.name} got no copy of ${id}, sent by ${from.name}`);
  const live = entry.receipts.find(({ delayed }) => !delayed);
  if (live !== undefined)
    for (const session of wanting(account))
      if (!has(session, "received") && !entry.receipts.some((receipt) => receipt.session === session))
        found.push(`${session.name} got no copy of ${id}, received by ${live.session.name}`);
  return found;
}

/**
 * The message itself came behind its copy. Rightly only where the device that had been given it went without taking it,
 * and this one was next: better twice than never.
 */
function isDouble(
  entry: Entry,
  { at, direction, session }: Copy,
  model: WorldModel,
  sessions: readonly ClientSession[],
): boolean {
  if (direction === "sent") return false;
  const receipt = entry.receipts.find((other) => other.session === session && other.at >= at);
  if (receipt === undefined) return false;
  // A kill ends sessions whose clients hear of it late, or never, while others hibernate and go on.
  if (model.troubled(entry.sentAt, receipt.at, ["kill"])) return false;
  return !sessions.some(
    (other) =>
      other !== session &&
      other.account === session.account &&
      other.endedEarly &&
      other.beganAt <= at &&
      (other.endedAt ?? Infinity) + endedLateMs >= entry.sentAt &&
      // One that was cut off for good learns of it late.
      (other.endedAt ?? Infinity) <= receipt.at + endedLateMs,
  );
}

function doubled(entry: Entry, session: ClientSession): string {
  return `${session.name} got a copy of ${entry.id} of ${entry.from.name} and then itself`;
}
