import type { ClientSession } from "./client-session.ts";
import type { Entry } from "./ledger.ts";
import { resumeSecondsMax } from "./sim-server.ts";
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

/** From when on the server may have known that a session is over. */
export function knownGoneSince(session: ClientSession, model: WorldModel, sessions: readonly ClientSession[]): number {
  const { broken, jid, resumptionId } = session;
  if (broken === undefined) return session.endedAt ?? Infinity;
  const expiresAt = broken.at + resumeSecondsMax * 1_000;
  // Its time is up, unless another session takes its place before, or the server, which was stopped or killed, counts anew.
  if (broken.by !== "chance" || resumptionId === undefined) return broken.at;
  if (model.troubled(broken.at, expiresAt, ["kill", "restart"], [jid])) return broken.at;
  const next = sessions.find((other) => other !== session && other.jid === jid && other.beganAt >= broken.at);
  return Math.min(expiresAt, (next?.beganAt ?? Infinity) - boundEarlierMs);
}

/** How long the client may know later than the server that it is bound, in milliseconds. */
const boundEarlierMs = 10_000;
