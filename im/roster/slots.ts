import { bareOf, type BareJid, type Jid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import type { Session } from "#kit/session.ts";
import { accountMap, json, sessionSlot } from "#kit/slots.ts";

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
  /** Number of the roster's change that this item was last seen to change in; 0 while it is not listed. */
  readonly changed: number;
}

/** By the address that the user listed, which for everything but an entry of an address book is a bare JID. */
export const rosterItems = accountMap<RosterItem>("roster", 1, json());

/** The contact's item, or what an unknown contact's item would be. */
export function rosterItemOf(account: Account, contact: BareJid): RosterItem {
  return account.map(rosterItems).get(contact) ?? unknownContact(contact);
}

export function unknownContact(jid: Jid): RosterItem {
  return {
    jid,
    groups: [],
    subscription: "none",
    ask: false,
    pendingIn: false,
    approved: false,
    listed: false,
    changed: 0,
  };
}

/** Whether the contact may see the account's presence. */
export function maySeePresence(item: RosterItem | undefined): boolean {
  return item?.subscription === "from" || item?.subscription === "both";
}

/** Whether somebody may know whether the account is there at all, and online: itself, and contacts who see its presence. */
export function mayKnowPresence(account: Account, asker: Jid): boolean {
  const contact = bareOf(asker);
  return contact === account.jid || maySeePresence(account.map(rosterItems).get(contact));
}

/** Whether the account asked to see, and was let see, the contact's presence. */
export function seesPresence(item: RosterItem | undefined): boolean {
  return item?.subscription === "to" || item?.subscription === "both";
}

/** Whether the session asked for the roster and hears of its changes (RFC 6121 §2.2). */
export const interestedSlot = sessionSlot("interested", () => false);

/** The sessions that asked for the roster, in the order in which they were bound. */
export function interestedSessions(account: Account): readonly Session[] {
  return [...account.sessions.values()].filter((session) => session.get(interestedSlot));
}
