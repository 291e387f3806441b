import type { ClientSession } from "./client-session.ts";
import type { Entry, Ledger } from "./ledger.ts";
import { resumeSecondsMax, unacknowledgedBytesMax } from "./sim-server.ts";
import type { WorldModel } from "./world-model.ts";

/** The server knew by then that it has the message: not from a resumption that came too late, which says it as well. */
export function hadTaken(session: ClientSession, { receipts }: Entry, by: number): boolean {
  const count = receipts.find((receipt) => receipt.session === session)?.count ?? Infinity;
  return session.acknowledgedToServer.some(({ h, at }) => h >= count && at <= by);
}

/** The message was written for it, or it may have been away when the message came, which was before `at`. */
export function wasGiven(session: ClientSession, { id }: Entry, at: number): boolean {
  if (session.beganAt > at) return false;
  if (session.broken !== undefined && session.broken.at <= at) return true;
  // A copy has the message within, and that names its namespace.
  const itself = new RegExp(`<message (?:(?!xmlns=)[^>])* id='${id}'`, "u");
  return session.written.some((texts) => texts.some((text) => text.includes(`id='${id}'`) && itself.test(text)));
}

/** Whether the server may have known by then that a session is over. */
export function mayBeKnownGone(
  session: ClientSession,
  at: number,
  known: { readonly ledger: Ledger; readonly model: WorldModel; readonly sessions: readonly ClientSession[] },
): boolean {
  if (knownGoneSince(session, known.model, known.sessions) <= at) return true;
  // Its client, which reads slowly, hears of that much later, and has not come back to it since.
  const { broken, connectedAt, managed } = session;
  return managed && broken !== undefined && connectedAt <= at && mayOweTooMuch(session, at, known.ledger);
}

/** Whether a session may have been ended by then as more was unacknowledged than may be: that is so long, or was said twice. */
export function mayOweTooMuch(
  { account, acknowledgedToServer, connectedAt }: ClientSession,
  by: number,
  ledger: Ledger,
): boolean {
  const heardAt = acknowledgedToServer.findLast(({ at }) => at <= by)?.at ?? connectedAt;
  return ledger.charsBetween(account, heardAt - underWayMs, by) > unacknowledgedBytesMax / 2;
}

/**
 * Whether a message may come again to a session that a kill did not end, as it was away: another device had been given it as well and
 * had not said that it has it, so that after the kill the account's archive, if it has one, has it decided about once more.
 */
export function mayBeDecidedAgain(
  session: ClientSession,
  entry: Entry,
  at: number,
  { model, sessions }: { readonly model: WorldModel; readonly sessions: readonly ClientSession[] },
): boolean {
  const { account, sentAt } = entry;
  const others = sessions.filter((other) => other !== session && other.account === account);
  return model.troubles.some(
    ({ kind, servers, from }) =>
      kind === "kill" &&
      servers.includes(model.serverOf(account)) &&
      from >= sentAt &&
      from <= Math.min(at, sentAt + undecidedMs) &&
      others.some((other) => wasGiven(other, entry, from) && !hadTaken(other, entry, from)),
  );
}

/** From when on the server may have known that a session is over, by what its client knows. */
function knownGoneSince(session: ClientSession, model: WorldModel, sessions: readonly ClientSession[]): number {
  const { broken, jid, resumptionId } = session;
  if (broken === undefined) return session.endedAt ?? Infinity;
  const expiresAt = broken.at + resumeSecondsMax * 1_000;
  // Its time is up, unless another session takes its place before, or the server, which was stopped or killed, counts anew.
  if (broken.by !== "chance" || resumptionId === undefined) return broken.at;
  if (model.troubled(broken.at, expiresAt, ["kill", "restart"], [jid])) return broken.at;
  const next = sessions.find((other) => other !== session && other.jid === jid && other.beganAt >= broken.at);
  return Math.min(expiresAt, (next?.beganAt ?? Infinity) - boundEarlierMs);
}

/** What was sent so long ago may be on its way to a session still, in milliseconds. */
const underWayMs = 15_000;

/** How long the decision about what an archive got may stay unwritten, in milliseconds. */
export const undecidedMs = 20_000;

/** How long the client may know later than the server that it is bound, in milliseconds. */
const boundEarlierMs = 10_000;
