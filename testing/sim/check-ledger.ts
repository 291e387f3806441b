import type { ClientSession } from "./client-session.ts";
import { mayBeKnownGone, wasGiven } from "./given-messages.ts";
import type { Entry, Ledger, Receipt } from "./ledger.ts";
import { mayComeAgain, mayHaveBeenStopped } from "./between-servers.ts";
import { offlineMessagesMax, type ArchivedMessage } from "./sim-server.ts";
import type { WorldModel } from "./world-model.ts";

/**
 * What was acknowledged to its sender has arrived, at one of the recipient's clients at least, or has come back
 * (ARCHITECTURE.md, "Acked means durable"); and what was sent to somebody who blocks its sender has not arrived.
 */
export function checkLedger(
  ledger: Ledger,
  model: WorldModel,
  sessions: readonly ClientSession[],
  {
    archives,
    component,
  }: {
    /** By account. */
    readonly archives: ReadonlyMap<string, readonly ArchivedMessage[]>;
    readonly component: { readonly domain: string } | undefined;
  },
): readonly string[] {
  const taken = new Map<string, Set<string>>();
  const lost = ledger.entries
    // What is for the component is looked at by itself.
    .filter(({ account }) => component === undefined || !account.endsWith(`@${component.domain}`))
    .filter((entry) => entry.receipts.length === 0 && entry.readBy.size === 0)
    .filter((entry) => entry.acknowledgedAt !== undefined || isHandled(entry, model))
    .filter((entry) => entry.bouncedAt === undefined && !mayBeGone(entry, model) && !model.unproven.has(entry.id))
    .filter((entry) => !idsTaken(taken, sessions, entry.account).has(entry.id))
    .filter((entry) => !(entry.from.endedEarly && mayHaveBeenReturned(ledger, entry, model)))
    .filter((entry) => !isLeftToArchive(entry, { ledger, sessions, archive: archives.get(entry.account) ?? [] }))
    .map((entry) => `${entry.id} of ${entry.from.name} for ${entry.to} was ${heardOf(entry)} and is lost`);
  const overtaken = ledger.overtaken
    // What waits in the store and cannot be read when its client comes is told apart by its stamp.
    .filter(({ receipt }) => !(receipt.delayed && isUnread(receipt, model)))
    // While a client is not available, or of negative priority, what names it comes (RFC 6121 §8.5.3.1) and what is kept
    // does not (§8.5.2.2).
    .filter(({ receipt, by }) => !(receipt.delayed && by.receipts.some((other) => cameAhead(other, receipt))))
    // What a device did not take when it went is given to another one, behind what that one has already.
    .filter(({ entry, receipt }) => !wasHandedOn(entry, receipt, { ledger, model, sessions }))
    // Who is known for reading its archive is given time to.
    .filter(({ receipt }) => !(receipt.delayed && receipt.session.reads))
    .filter(({ entry, receipt }) => !mayComeAgain(model, entry, receipt.at))
    .map(({ entry, receipt, by }) => `${receipt.session.name} got ${entry.id} of ${entry.from.name} after ${by.id}`);
  return [...lost, ...overtaken, ...ledger.entries.flatMap((entry) => blockedReceipts(entry, model))];
}

/** Nobody was promised anything, and yet it has no way to be lost: its server had it, and nothing has gone wrong with that since. */
function isHandled({ from, account, sentAt, handledAt }: Entry, model: WorldModel): boolean {
  if (handledAt === undefined || model.onDifferentServers(from.account, account)) return false;
  const both = [from.account, account];
  return (
    !model.troubled(sentAt, Infinity, ["kill"], both) &&
    !model.troubled(sentAt, handledAt + underWayMs, ["commits", "reads"], both)
  );
}

function heardOf({ acknowledgedAt }: Entry): string {
  return acknowledgedAt === undefined ? "handled" : "acknowledged";
}

function isUnread({ session, at }: Receipt, model: WorldModel): boolean {
  return model.troubled(at - 5_000, at, ["reads"], [session.account]);
}

function wasHandedOn(
  entry: Entry,
  { session, at }: Receipt,
  known: { readonly ledger: Ledger; readonly model: WorldModel; readonly sessions: readonly ClientSession[] },
): boolean {
  return known.sessions.some(
    (other) =>
      other.account === session.account &&
      other.jid !== session.jid &&
      wasGiven(other, entry, at) &&
      mayBeKnownGone(other, at, known),
  );
}

function cameAhead(other: Receipt, { session }: Receipt): boolean {
  return other.session === session && other.aheadOfKept;
}

/** A message that nobody promised to keep. */
function mayBeGone(entry: Entry, model: WorldModel): boolean {
  const { kind, account, to } = entry;
  if (kind === "headline" || kind === "state" || kind === "nobody") return true;
  // A normal message to a device that is gone is returned to those who may know, and dropped for others.
  if (kind === "normal" && to !== account) return true;
  return model.mayBeShutOut(entry);
}

/** What was on its way to an account's sessions without stream management: nobody promises more than that. */
function idsTaken(
  known: Map<string, Set<string>>,
  sessions: readonly ClientSession[],
  account: string,
): ReadonlySet<string> {
  let ids = known.get(account);
  if (ids === undefined) {
    const bytes = sessions
      .filter((session) => session.account === account)
      .map(({ taken }) => taken.join(""))
      .join("");
    ids = new Set([...bytes.matchAll(/ id='(m\d+)'/gu)].map(([, id = ""]) => id));
    known.set(account, ids);
  }
  return ids;
}

/** There was a reason to return it, and the error may have found nobody. */
export function mayHaveBeenReturned(ledger: Ledger, entry: Entry, model: WorldModel): boolean {
  const { sentAt, acknowledgedAt = Infinity, account } = entry;
  const both = [entry.from.account, account];
  if (model.troubled(sentAt, acknowledgedAt, ["commits", "reads"], both)) return true;
  if (mayHaveBeenStopped(model, entry)) return true;
  // Copies for several devices make the store fuller than the messages that wait.
  return waitedWith(entry, ledger).length > offlineMessagesMax / 3;
}

/** There was no room for it where messages wait, so that it is there for whoever reads the archive, as the account's clients do. */
function isLeftToArchive(
  entry: Entry,
  known: {
    readonly ledger: Ledger;
    readonly sessions: readonly ClientSession[];
    readonly archive: readonly ArchivedMessage[];
  },
): boolean {
  const { account, id, sentAt } = entry;
  return (
    waitedWith(entry, known.ledger).length > offlineMessagesMax &&
    known.sessions.some((session) => session.account === account && session.reads && session.beganAt < sentAt) &&
    known.archive.some(({ message }) => message === id)
  );
}

/** What had been sent to the account when this message was, itself among it, and had not come to any client. */
function waitedWith({ account, sentAt }: Entry, ledger: Ledger): readonly Entry[] {
  return ledger.entries.filter(
    (other) => other.account === account && other.sentAt <= sentAt && (other.receipts[0]?.at ?? Infinity) > sentAt,
  );
}

function blockedReceipts(entry: Entry, model: WorldModel): readonly string[] {
  const { receipts, account, from, sentAt, id } = entry;
  const { writes } = model.blocks(account, from.account);
  return receipts.flatMap(({ session, at }) => {
    const block = writes.findLast(({ value, done, answeredAt }) => value && done && (answeredAt ?? Infinity) < sentAt);
    if (block === undefined) return [];
    const undone = writes.some(
      (write) => !write.value && write.sentAt <= at && (write.answeredAt ?? Infinity) >= block.sentAt,
    );
    return undone ? [] : [`${session.name} got ${id} of ${from.name}, whom it blocks`];
  });
}

/** How long a message that its sender's server has handled may be under way, in milliseconds. */
const underWayMs = 60_000;
