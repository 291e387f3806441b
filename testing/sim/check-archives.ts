import { mayComeAgain } from "./between-servers.ts";
import { mayHaveBeenReturned } from "./check-ledger.ts";
import type { ClientSession } from "./client-session.ts";
import type { Entry, Ledger } from "./ledger.ts";
import type { ArchivedMessage } from "./sim-server.ts";
import type { WorldModel } from "./world-model.ts";

/**
 * Every message of a conversation that was acknowledged is in the archive of its sender and of its recipient, exactly
 * once, and what a session sent stands in the order in which it was sent (XEP-0313), whatever went wrong.
 *
 * @param archives by account: the messages in its archive, the oldest first
 */
export function checkArchives(
  ledger: Ledger,
  model: WorldModel,
  archives: ReadonlyMap<string, readonly ArchivedMessage[]>,
): readonly string[] {
  const entries = new Map(ledger.entries.map((entry) => [entry.id, entry]));
  const idsIn = new Map([...archives].map(([account, rows]) => [account, rows.map(({ message }) => message)]));
  const kept = [...idsIn].flatMap(([account, ids]) => checkArchive({ account, ids }, entries, model));
  const known = new Map([...idsIn].map(([account, ids]) => [account, new Set(ids)]));
  const missing = ledger.entries.filter(isKept).flatMap((entry) => {
    const { account, from, id, kind } = entry;
    const parties = [from.account, ...(kind === "nobody" ? [] : [account])];
    const lacking = parties.filter((party) => known.get(party)?.has(id) === false);
    // Whether that is wrong takes long to find out.
    return lacking.length === 0 || !isSafe(entry, ledger, model)
      ? []
      : lacking.map((party) => `${id} of ${from.name} was acknowledged and is not in the archive of ${party}`);
  });
  const unkept = ledger.entries.filter(isKept).flatMap((entry) => shownUnkept(entry, known));
  return [...kept, ...missing, ...unkept, ...shownOtherwise(ledger, archives)];
}

/** What a client was shown is durable by then: its account has it, whatever became of the message otherwise. */
function shownUnkept(entry: Entry, known: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const { account, copies, from, id, receipts } = entry;
  const lacks = (party: string): boolean => known.get(party)?.has(id) === false;
  const shown = [
    ...(lacks(account) ? receipts : []),
    ...copies.filter(({ direction }) => lacks(direction === "sent" ? from.account : account)),
  ];
  return shown.map(({ session }) => `${session.name} was shown ${id} of ${from.name}, which is not in its archive`);
}

/** Under the id that a client was told its archive has it (XEP-0359, XEP-0313), which it asks for what is behind it by. */
function shownOtherwise(ledger: Ledger, archives: ReadonlyMap<string, readonly ArchivedMessage[]>): readonly string[] {
  const known = new Map(
    [...archives].map(([account, rows]) => [account, new Map(rows.map((row) => [row.archiveId, row.message]))]),
  );
  return ledger.entries.flatMap(({ id, shownAs }) =>
    shownAs.flatMap(({ session, archiveId }) => {
      const rows = known.get(session.account);
      const isThere = rows === undefined || rows.get(archiveId) === id;
      return isThere ? [] : [`${session.name} was shown ${id} as ${archiveId}, which its archive has not`];
    }),
  );
}

/** Headlines and chat states are no conversation. */
function isKept({ kind }: Entry): boolean {
  return kind !== "headline" && kind !== "state";
}

/** Somebody was told that it is written. */
function isSafe(entry: Entry, ledger: Ledger, model: WorldModel): boolean {
  if (entry.acknowledgedAt === undefined || entry.bouncedAt !== undefined) return false;
  if (model.unproven.has(entry.id)) return false;
  if (model.mayBeShutOut(entry)) return false;
  return !(entry.from.endedEarly && mayHaveBeenReturned(ledger, entry, model));
}

function checkArchive(
  { account, ids }: { readonly account: string; readonly ids: readonly string[] },
  entries: ReadonlyMap<string, Entry>,
  model: WorldModel,
): readonly string[] {
  const found: string[] = [];
  const seen = new Set<string>();
  const last = new Map<ClientSession, Entry>();
  for (const id of ids) {
    const entry = entries.get(id);
    if (entry === undefined || (entry.account !== account && entry.from.account !== account)) {
      found.push(`${id} is in the archive of ${account}, which has nothing to do with it`);
      continue;
    }
    // Where it may have come twice it is kept twice.
    const mayBeThereAgain = account === entry.account && mayComeAgain(model, entry, Infinity);
    if (seen.has(id) && mayBeThereAgain) continue;
    if (seen.has(id)) found.push(`${id} of ${entry.from.name} is in the archive of ${account} twice`);
    seen.add(id);
    const before = last.get(entry.from);
    if (before !== undefined && before.number > entry.number && !mayBeThereAgain)
      found.push(`${id} of ${entry.from.name} is behind ${before.id} in the archive of ${account}`);
    last.set(entry.from, entry);
  }
  return found;
}
