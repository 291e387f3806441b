import type { Account } from "#kit/account.ts";
import { rosterItems, type RosterItem } from "./slots.ts";
import { countChange } from "./version.ts";

/**
 * Stores an item, or forgets one that says nothing any more. The version of the roster grows when clients can see the
 * difference: what is not listed and never was is none of their business. [rfc6121-3.1.3-13]
 *
 * @param shown false where only what clients never see has changed
 */
export function writeRosterItem(account: Account, item: RosterItem, shown = true): void {
  const items = account.map(rosterItems);
  const visible = shown && (item.listed || items.get(item.jid)?.listed === true);
  const changed = visible ? countChange(account, item.jid, item.listed ? "set" : "removed") : item.changed;
  if (saysSomething(item)) items.set(item.jid, { ...item, changed });
  else items.delete(item.jid);
}

function saysSomething({ listed, pendingIn, approved, ask, subscription }: RosterItem): boolean {
  return listed || pendingIn || approved || ask || subscription !== "none";
}
