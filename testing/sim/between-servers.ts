import type { ClientSession } from "./client-session.ts";
import type { Entry } from "./ledger.ts";
import { resumeSecondsMax } from "./sim-server.ts";
import type { WorldModel } from "./world-model.ts";

/**
 * Whether a message may come more than once, or behind later ones, or both come and be returned: between servers, where
 * a process that knew who has what was killed, or the two were apart for so long that their stream was given up (docs/adr
 * 0017).
 *
 * @param by when it came last
 */
export function mayComeAgain(model: WorldModel, { from, account, sentAt }: Entry, by: number): boolean {
  return (
    model.onDifferentServers(from.account, account) &&
    model.troubled(sentAt - underWayMs, by, ["kill", "apart"], [from.account, account])
  );
}

/**
 * Whether devices that are away may have lost their copies of a message that another device was given: its server was killed
 * at once, and whoever sent it did not wait for that server's word.
 */
export function mayHaveLostCopies(model: WorldModel, { from, account }: Entry, givenAt: number): boolean {
  return (
    model.onDifferentServers(from.account, account) &&
    model.troubled(givenAt, givenAt + underWayMs, ["kill"], [account])
  );
}

/** Whether a message may have found no way to the other server in the time that it has. */
export function mayHaveBeenStopped(model: WorldModel, { from, account, sentAt }: Entry): boolean {
  return (
    model.onDifferentServers(from.account, account) &&
    model.troubled(sentAt - underWayMs, sentAt + deliveryMsMax, ["apart", "kill"], [from.account, account])
  );
}

/** Whether nobody may have told a session that another one is there: what was said, or asked, went back. */
export function mayBeMissed(model: WorldModel, session: ClientSession, other: ClientSession): boolean {
  const both = [session.account, other.account];
  if (!model.onDifferentServers(session.account, other.account)) return false;
  const toldAt = Math.max(session.availableSince, other.availableSince);
  return model.troubled(toldAt - underWayMs, toldAt + deliveryMsMax, ["apart"], both);
}

/**
 * Whether a session may see somebody who is not there, as nobody could tell it: who had left was on a server that was
 * killed, or could not be talked to. It is told when it asks anew (RFC 6121 §4.3), which the next session does.
 */
export function mayBeAGhost(
  model: WorldModel,
  session: ClientSession,
  jid: string,
  sessions: readonly ClientSession[],
): boolean {
  if (!model.onDifferentServers(session.account, jid)) return false;
  const seen = sessions.filter((other) => other.jid === jid && other.beganAt >= 0);
  return seen.some(({ endedAt, broken, leftAt }) => {
    const gone = Math.min(endedAt ?? Infinity, broken?.at ?? Infinity, leftAt ?? Infinity);
    const until = Math.max(endedAt ?? 0, leftAt ?? 0, broken?.at ?? 0) + resumeSecondsMax * 1_000 + deliveryMsMax;
    return (
      gone < Infinity &&
      session.beganAt <= until &&
      model.troubled(gone - underWayMs, until, ["apart", "kill"], [session.account, jid])
    );
  });
}

/** How long a stanza may be under way between servers where nothing is wrong, in milliseconds. */
const underWayMs = 5_000;
/** Until a stanza that finds no way goes back, and a server notices that somebody is gone, in milliseconds. */
const deliveryMsMax = 90_000;
