import { withAttributes } from "#protocol/xml/element.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { bareOf, parseJid } from "#protocol/jid/jid.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Account } from "#kit/account.ts";
import type { Host } from "#kit/host.ts";
import { integerOption } from "#kit/option.ts";
import type { Session } from "#kit/session.ts";
import { accountMap, type StoredCodec } from "#kit/slots.ts";
import { makeStanza, stanzaOf, type Stanza } from "#kit/stanza.ts";
import { rosterItemChanged } from "../roster/events.ts";
import { interestedSlot, maySeePresence, rosterItemOf, writeRosterItem, type RosterItem } from "../roster/slots.ts";
import { sendAvailability } from "./broadcast.ts";
import { availableSessions } from "./slots.ts";
import {
  receiveSubscription,
  sendSubscription,
  type SubscriptionType,
  type Transition,
} from "./subscription-states.ts";

const asItIs: StoredCodec<string> = { encode: (text) => text, decode: (text) => text };

/** The contacts' requests that wait for an answer: the whole stanza as it came, by the contact's bare JID (S1). */
export const subscriptionRequests = accountMap<string>("subscription-requests", 1, asItIs);

export const requestsMax = integerOption({
  key: "requests_max",
  default: 500,
  min: 1,
  max: 100_000,
  unit: "requests",
  description: "How many people's requests to see a user's presence may wait for the user's answer.",
});

/** The user asks for, answers, or cancels a subscription (RFC 6121 §3.1.2, §3.2.1, §3.3.1, §3.4.1). */
export function sendSubscriptionStanza(host: Host, account: Account, stanza: Stanza, type: SubscriptionType): void {
  if (stanza.to === undefined)
    throw new StanzaError("bad-request", { text: `presence of type ${type} needs a contact` });
  const contact = bareOf(stanza.to);
  // Whoever owns an account sees its presence anyway.
  if (contact === account.jid) return;
  const before = rosterItemOf(account, contact);
  const transition = sendSubscription(type, before);
  // A request that is sent, or approved beforehand, puts the contact into the roster. RFC 6121 §3.1.2, §3.4.2
  const asks = type === "subscribe" || (type === "subscribed" && (transition.pass || transition.state.approved));
  change(host, account, before, transition, before.listed || asks);
  if (transition.pass) {
    // What is asked or granted is between accounts. RFC 6121 §3.1.2
    const element = withAttributes(stanza.element, { from: account.jid, to: contact });
    account.send(stanzaOf("presence", element, account.jid, contact));
  }
  if (type === "subscribed" && transition.pass) sendAvailability(account, contact, "available");
  if (type === "unsubscribed" && maySeePresence(before)) sendAvailability(account, contact, "unavailable");
}

/** A contact asks for, answers, or cancels a subscription (RFC 6121 §3.1.3, §3.1.6, §3.2.3, §3.3.3). */
export function takeSubscriptionStanza(host: Host, account: Account, stanza: Stanza, type: SubscriptionType): void {
  const contact = bareOf(stanza.from);
  if (contact === account.jid) return;
  const before = rosterItemOf(account, contact);
  const transition = receiveSubscription(type, before);
  const requests = account.map(subscriptionRequests);
  if (type === "subscribe" && transition.pass) {
    if (requests.size >= host.setting(requestsMax)) return;
    requests.set(contact, serialize(stanza.element));
  }
  const recipients = type === "subscribe" ? availableSessions(account) : interested(account);
  if (transition.pass) for (const session of recipients) session.send(stanza);
  change(host, account, before, transition, before.listed);
  if (type === "unsubscribe" && maySeePresence(before)) sendAvailability(account, contact, "unavailable");
  if (transition.reply !== undefined) {
    account.send(makeStanza("presence", { from: account.jid, to: contact, type: transition.reply }));
    if (transition.reply === "subscribed" && !maySeePresence(before)) sendAvailability(account, contact, "available");
  }
}

/** Shows a session that became available what others still wait for (RFC 6121 §3.1.3). */
export function redeliverRequests(account: Account, session: Session): void {
  for (const [contact, text] of account.map(subscriptionRequests).entries()) {
    const from = parseJid(contact);
    if (from !== undefined) session.send(stanzaOf("presence", parseElement(text), from, account.jid));
  }
}

/** Ends both subscriptions with a contact that was removed, or whose counterpart is being deleted (RFC 6121 §2.5.2). */
export function cancelSubscriptions(account: Account, item: RosterItem): void {
  const contact = bareOf(item.jid);
  const tell = (type: SubscriptionType): void =>
    account.send(makeStanza("presence", { from: account.jid, to: contact, type }));
  if (item.ask || item.subscription === "to" || item.subscription === "both") tell("unsubscribe");
  if (!maySeePresence(item)) return;
  tell("unsubscribed");
  // Directed, not broadcast: it concerns this contact alone (S5).
  sendAvailability(account, contact, "unavailable");
}

function change(host: Host, account: Account, before: RosterItem, { state }: Transition, listed: boolean): void {
  // A contact who is let in is listed: the user must be able to see who sees them.
  const item: RosterItem = { ...before, ...state, listed: listed || state.subscription !== "none" };
  if (before.pendingIn && !item.pendingIn) account.map(subscriptionRequests).delete(bareOf(before.jid));
  if (same(before, item)) return;
  const visible = writeRosterItem(account, item);
  if (visible && !sameToClients(before, item)) host.emit(rosterItemChanged, { account, item, removed: false });
}

function same(a: RosterItem, b: RosterItem): boolean {
  return a.pendingIn === b.pendingIn && sameToClients(a, b);
}

function sameToClients(a: RosterItem, b: RosterItem): boolean {
  return a.subscription === b.subscription && a.ask === b.ask && a.approved === b.approved && a.listed === b.listed;
}

function interested(account: Account): readonly Session[] {
  return [...account.sessions.values()].filter((session) => session.get(interestedSlot));
}
