import type { Account } from "#kit/account.ts";
import { randomToken } from "#kit/env.ts";
import { accountMap, accountValue, json } from "#kit/slots.ts";
import type { Jid } from "#protocol/jid/jid.ts";

/** How often the roster was changed, and since when changes can be told one by one (RFC 6121 §2.6). */
export interface RosterState {
  /**
   * Drawn at the first change: the count of an account that was created anew under an old name, or restored from a
   * backup that somebody edited, says nothing about the roster that its clients remember.
   */
  readonly epoch: string;
  /** Changes that clients could see. */
  readonly count: number;
  /** Removals up to this change are forgotten. */
  readonly forgotten: number;
}

export const rosterState = accountValue<RosterState>("roster-version", 1, json());

/** A contact who was removed, and the number of that change. */
interface Removal {
  readonly jid: Jid;
  readonly at: number;
}

/** By the address that was listed. */
export const removedItems = accountMap<Removal>("roster-removed", 1, json());

/** Removals that are remembered for clients which come back. */
const removedMax = 100;

/** The version of an account whose roster nobody ever changed. */
const neverChanged = "0";

export function rosterVersion(account: Account): string {
  const state = account.value(rosterState).get();
  return state === undefined ? neverChanged : versionOf(state, state.count);
}

/** Notes a change that clients can see; returns its number. */
export function countChange(account: Account, jid: Jid, kind: "set" | "removed"): number {
  const slot = account.value(rosterState);
  const state = slot.get() ?? { epoch: randomToken(account.host.env, 5), count: 0, forgotten: 0 };
  // [rfc6121-2.1.1-01] [rfc6121-2.6.3-07]
  const count = state.count + 1;
  const removed = account.map(removedItems);
  let { forgotten } = state;
  if (kind === "set") removed.delete(jid);
  else {
    removed.set(jid, { jid, at: count });
    if (removed.size > removedMax) forgotten = forgetOldest(account);
  }
  slot.set({ ...state, count, forgotten });
  return count;
}

function forgetOldest(account: Account): number {
  const removed = account.map(removedItems);
  let oldest: Removal | undefined;
  for (const [, removal] of removed.entries()) if (oldest === undefined || removal.at < oldest.at) oldest = removal;
  if (oldest === undefined) return 0;
  removed.delete(oldest.jid);
  return oldest.at;
}

/** The version after so many changes. */
export function versionOf({ epoch }: RosterState, count: number): string {
  return `${epoch}-${count}`;
}
