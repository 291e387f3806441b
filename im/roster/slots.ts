import { bareOf, type BareJid, type Jid } from "#protocol/jid/jid.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Account } from "#kit/account.ts";
import type { Host } from "#kit/host.ts";
import { integerOption } from "#kit/option.ts";
import type { Session } from "#kit/session.ts";
import { accountMap, json, sessionSlot } from "#kit/slots.ts";
import { countChange } from "./version.ts";

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

export const itemsMax = integerOption({
  key: "items_max",
  default: 2_000,
  min: 1,
  max: 100_000,
  unit: "items",
  description: "How many contacts a roster holds.",
});

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
export const interestedSlot = sessionSlot("interested", () => false, json());

/** The sessions that asked for the roster, in the order in which they were bound. */
export function interestedSessions(account: Account): readonly Session[] {
  return [...account.sessions.values()].filter((session) => session.get(interestedSlot));
}

/**
 * Stores an item, or forgets one that says nothing any more. The version of the roster grows when clients can see the
 * difference: what is not listed and never was is none of their business.
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

type NamedContact = Pick<RosterItem, "jid" | "groups"> & { readonly name?: string | undefined };

/** UTF-16 code units that each contact of a full roster may have for address, name and groups; one may have more if others have less. */
const itemLengthShare = 512;
/** More than any single contact may have. */
const itemLengthMax = 96 * 1024;
/** What a group costs beside its name, wherever it is kept or sent. */
const groupLength = 16;

/**
 * To be asked before names are kept: all contacts are in memory while their account is, and go to each client as one answer
 * (A15).
 *
 * @throws StanzaError resource-constraint
 */
export function checkRoomForNames(host: Host, account: Account, item: NamedContact): void {
  let length = lengthOf(item);
  if (length <= itemLengthShare) return;
  const max = Math.max(itemLengthShare * host.setting(itemsMax), itemLengthMax);
  for (const [, other] of account.map(rosterItems).entries()) if (other.jid !== item.jid) length += lengthOf(other);
  if (length > max)
    throw new StanzaError("resource-constraint", { text: "the names in the roster are too long together" });
}

function lengthOf({ jid, name = "", groups }: NamedContact): number {
  return groups.reduce((sum, group) => sum + group.length + groupLength, jid.length + name.length);
}

/**
 * To be asked before a contact is listed, however it comes there. Those who only wait for an answer do not count: they
 * are strangers' doing and have a bound of their own.
 *
 * @throws StanzaError resource-constraint
 */
export function checkRoomForItem(host: Host, account: Account): void {
  const max = host.setting(itemsMax);
  const items = account.map(rosterItems);
  if (items.size < max) return;
  let listed = 0;
  for (const [, item] of items.entries()) if (item.listed) listed += 1;
  if (listed >= max) throw new StanzaError("resource-constraint", { text: "the roster is full" });
}
