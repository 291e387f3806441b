import { mayComeAgain, mayHaveLostCopies } from "./between-servers.ts";
import type { ClientSession } from "./client-session.ts";
import { hadTaken, mayBeKnownGone, undecidedMs, wasGiven } from "./given-messages.ts";
import type { Copy, Entry, Ledger } from "./ledger.ts";
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
      .filter((copy) => isDouble(entry, copy, { ledger, model, sessions }))
      .map(({ session }) => doubled(entry, session)),
  ]);
}

function missing(
  entry: Entry,
  model: WorldModel,
  byAccount: ReadonlyMap<string, readonly ClientSession[]>,
): readonly string[] {
  const { account, from, id, kind, sentAt } = entry;
  if (kind === "headline" || model.mayBeShutOut(entry)) return [];
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
  // Of what its sender was never told is safe a kill may take a part.
  const unpromised = entry.acknowledgedAt === undefined;
  const partly = unpromised && live !== undefined && model.troubled(sentAt, live.at + underWayMs, ["kill"], [account]);
  if (live !== undefined && !partly && !mayHaveLostCopies(model, entry, live.at))
    for (const session of wanting(account))
      if (!has(session, "received") && !entry.receipts.some((receipt) => receipt.session === session))
        found.push(`${session.name} got no copy of ${id}, received by ${live.session.name}`);
  return found;
}

/**
 * The message itself came behind its copy. Rightly only where a device that had been given it went without taking it, and
 * this one was next: better twice than never.
 */
function isDouble(
  entry: Entry,
  copy: Copy,
  known: { readonly ledger: Ledger; readonly model: WorldModel; readonly sessions: readonly ClientSession[] },
): boolean {
  const { model, sessions } = known;
  if (copy.direction === "sent") return false;
  const receipt = entry.receipts.find((other) => other.session === copy.session && other.at >= copy.at);
  if (receipt === undefined) return false;
  // What an archive got last is decided about once more after a kill, whoever has it.
  if (model.troubled(entry.sentAt, Math.min(receipt.at, entry.sentAt + undecidedMs), ["kill"], [entry.account]))
    return false;
  if (mayComeAgain(model, entry, receipt.at)) return false;
  return !sessions.some(
    (other) =>
      other !== copy.session &&
      other.account === copy.session.account &&
      !hadTaken(other, entry, receipt.at) &&
      wasGiven(other, entry, copy.at) &&
      mayBeKnownGone(other, receipt.at, known),
  );
}

/** How long what one device has may be on its way to be written down for another, in milliseconds. */
const underWayMs = 5_000;

function doubled(entry: Entry, session: ClientSession): string {
  return `${session.name} got a copy of ${entry.id} of ${entry.from.name} and then itself`;
}
