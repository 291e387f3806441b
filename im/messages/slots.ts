import type { Account } from "#kit/account.ts";
import { accountArchive, accountMap, accountValue, json, sessionSlot } from "#kit/slots.ts";

/** Messages that wait for their recipient, as they were received. */
export const offlineMessages = accountArchive("offline", 1);
/**
 * How many they are, as the batch that wrote it saw it: batches that were under way then may have failed. It is what an
 * account starts from when it wakes; from then on memory knows better, and every log-in that reads the messages counts them.
 */
export const offlineCount = accountValue<{
  readonly rows: number;
  /** The time of the newest of them, in milliseconds since the epoch: the next one is later, whatever the clock says. */
  readonly newest?: number;
}>("offline-count", 2, json(), {
  // When they came was not kept here before.
  2: (rows) => JSON.stringify({ rows: Number(rows) }),
});

/** Whether a session's client reads the messages that wait one by one, as it likes (XEP-0013): then they are sent to nobody unasked. */
export const retrievesByItself = sessionSlot("retrieves-offline-messages", () => false, json());

/** Whether some session of the account does. [xep0013-2.2-04] */
export function isRetrieving(account: Account): boolean {
  for (const session of account.sessions.values()) if (session.get(retrievesByItself)) return true;
  return false;
}

/**
 * Whether more of what waits is to be sent to a session than it was sent yet: its client has not taken that. What comes
 * meanwhile waits behind it.
 */
export const floodGoesOn = sessionSlot("offline-flood-goes-on", () => false, json());

/**
 * Up to which row a session asked the archive for what it has missed, or bound itself to ask; "" where there was none.
 * Undefined while it has not. What is there it has from the archive.
 */
export const archiveReadTo = sessionSlot<string | undefined>("archive-read-to", () => undefined, json());

/** Resources that have read the archive for what they had missed, and on which day since the epoch they did last. */
export const archiveReaders = accountMap<number>("archive-readers", 1, json());

/** Resources that are remembered. */
export const archiveReadersMax = 30;
/** After so many days without reading a resource is no reader any more. */
const readerDaysMax = 60;
const dayMs = 24 * 3_600_000;

/** Whether sessions of this name read the archive. Without a name: whether any do. */
export function readsArchive(account: Account, resource?: string): boolean {
  const readers = account.map(archiveReaders);
  if (readers.size === 0) return false;
  const oldest = Math.floor(account.host.env.now() / dayMs) - readerDaysMax;
  if (resource !== undefined) return (readers.get(resource) ?? -Infinity) >= oldest;
  for (const [, day] of readers.entries()) if (day >= oldest) return true;
  return false;
}

/** A session of this name reads the archive: written once a day. */
export function noteArchiveReader(account: Account, resource: string): void {
  const readers = account.map(archiveReaders);
  const today = Math.floor(account.host.env.now() / dayMs);
  if (readers.get(resource) === today) return;
  readers.set(resource, today);
  if (readers.size <= archiveReadersMax) return;
  const [oldest] = [...readers.entries()].filter(([name]) => name !== resource).toSorted(([, a], [, b]) => a - b);
  if (oldest !== undefined) readers.delete(oldest[0]);
}
