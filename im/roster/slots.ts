import type { BareJid, Jid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import { accountMap, accountValue, json, sessionSlot } from "#kit/slots.ts";

/** One contact of an account (RFC 6121 §2.1.2). */
export interface RosterItem {
  readonly jid: Jid;
  readonly name?: string;
  readonly groups: readonly string[];
  readonly subscription: "none" | "to" | "from" | "both";
  /** A request of ours waits for the contact's answer. */
  readonly ask: boolean;
  /** A request of the contact's waits for ours; not shown to clients ("pending in", RFC 6121 §A.1). */
  readonly pendingIn: boolean;
  /** A request of the contact's would be approved without asking (RFC 6121 §3.4). */
  readonly approved: boolean;
  /** False for an item that only remembers what is pending or approved and is not in the user's roster (RFC 6121 §2.1.2.1). */
  readonly listed: boolean;
}

/** By the contact's bare JID. */
export const rosterItems = accountMap<RosterItem>("roster", 1, json());

/** Grows with every change (RFC 6121 §2.6). */
export const rosterVersion = accountValue<number>("roster-version", 1, json());

/** The contact's item, or what an unknown contact's item would be. */
export function rosterItemOf(account: Account, contact: BareJid): RosterItem {
  return account.map(rosterItems).get(contact) ?? unknownContact(contact);
}

export function unknownContact(jid: BareJid): RosterItem {
  return { jid, groups: [], subscription: "none", ask: false, pendingIn: false, approved: false, listed: false };
}

/** Whether the contact may see the account's presence. */
export function maySeePresence(item: RosterItem | undefined): boolean {
  return item?.subscription === "from" || item?.subscription === "both";
}

/** Whether the account asked to see, and was let see, the contact's presence. */
export function seesPresence(item: RosterItem | undefined): boolean {
  return item?.subscription === "to" || item?.subscription === "both";
}

/**
 * Stores an item, or forgets one that says nothing any more. The version grows when clients can see the difference.
 *
 * @returns whether clients can see it
 */
export function writeRosterItem(account: Account, item: RosterItem): boolean {
  const items = account.map(rosterItems);
  const before = items.get(item.jid);
  const says = item.listed || item.pendingIn || item.approved || item.ask || item.subscription !== "none";
  if (says) items.set(item.jid, item);
  else items.delete(item.jid);
  const visible = item.listed || before?.listed === true;
  if (visible) account.value(rosterVersion).set((account.value(rosterVersion).get() ?? 0) + 1);
  return visible;
}

/** Whether the session asked for the roster and hears of its changes (RFC 6121 §2.2). */
export const interestedSlot = sessionSlot("interested", () => false);
