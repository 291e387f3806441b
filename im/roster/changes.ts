import type { Jid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import { rosterItems, type RosterItem } from "./slots.ts";
import { removedItems, rosterState, rosterVersion, versionOf } from "./version.ts";

/** What a client must be told of, oldest first; a removed contact has no item. */
export interface RosterChange {
  readonly jid: Jid;
  readonly item: RosterItem | undefined;
  /** Version of the roster after this change. */
  readonly ver: string;
}

/**
 * What changed since the roster had this version, in the order in which it changed (RFC 6121 §2.6.3); undefined when
 * that is not known any more, or never was.
 */
export function changesSince(account: Account, ver: string): readonly RosterChange[] | undefined {
  if (ver === rosterVersion(account)) return [];
  const state = account.value(rosterState).get();
  const [epoch, digits = ""] = ver.split("-");
  if (state === undefined || epoch !== state.epoch || !/^\d{1,15}$/.test(digits)) return undefined;
  const since = Number(digits);
  if (since < state.forgotten || since > state.count) return undefined;
  const changes: { readonly at: number; readonly jid: Jid; readonly item: RosterItem | undefined }[] = [];
  for (const [, item] of account.map(rosterItems).entries())
    if (item.listed && item.changed > since) changes.push({ at: item.changed, jid: item.jid, item });
  for (const [, { jid, at }] of account.map(removedItems).entries())
    if (at > since) changes.push({ at, jid, item: undefined });
  // [rfc6121-2.6.3-07]
  return changes.toSorted((a, b) => a.at - b.at).map(({ at, jid, item }) => ({ jid, item, ver: versionOf(state, at) }));
}
