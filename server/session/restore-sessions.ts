import type { LocalAccount } from "../account/account.ts";
import type { EndedSessions } from "./ended-sessions.ts";
import { hibernatedSessions, StoredHibernation } from "./hibernation.ts";
import type { LocalSession } from "./session.ts";
import type { StoredSession } from "./resumption.ts";

/**
 * Gives an account that was just read the sessions back that were cut before the server was started (XEP-0198 §5).
 *
 * @returns undefined where there is none, as nearly always
 * @throws StoreError
 */
export function restoreSessions(
  account: LocalAccount,
  endedSessions: EndedSessions,
  makeSession: (account: LocalAccount, stored: StoredSession) => LocalSession | undefined,
): Promise<void> | undefined {
  const stored = account.map(hibernatedSessions);
  if (stored.size === 0) return undefined;
  const known = new Set([...account.sessions.values()].map(({ management }) => management?.id));
  // Some have ended while nothing could be written: whoever ended them sees to it that they are forgotten.
  const unknown = [...stored.entries()].filter(
    ([id, { resource }]) =>
      !known.has(id) && endedSessions.handledBy(account.jid, id) === undefined && !account.sessions.has(resource),
  );
  const newest = new Map(
    unknown.toSorted(([, a], [, b]) => a.boundAt - b.boundAt).map(([id, { resource }]) => [resource, id]),
  );
  return unknown.length === 0 ? undefined : restore();

  async function restore(): Promise<void> {
    for (const [id, session] of unknown) {
      const hibernation = new StoredHibernation(account, id);
      const rows = await hibernation.read();
      if (newest.get(session.resource) !== id) {
        // Another one has taken its place, and a kill came ahead of forgetting it. Its messages wait for who comes next.
        hibernation.remove([...rows.keys()]);
        continue;
      }
      const restored = makeSession(account, { id, session, rows });
      if (restored !== undefined) account.sessions.set(restored.resource, restored);
    }
  }
}
