import { copyOut } from "#protocol/xml/copy-out.ts";
import { withAttributes } from "#protocol/xml/element.ts";
import { bareOf, parseJid, type BareJid } from "#protocol/jid/jid.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Account } from "#kit/account.ts";
import { randomToken } from "#kit/env.ts";
import type { Host } from "#kit/host.ts";
import { integerOption } from "#kit/option.ts";
import type { Session } from "#kit/session.ts";
import type { SettlementTracker } from "#kit/settlement.ts";
import { makeStanza, stanzaOf, type Stanza } from "#kit/stanza.ts";
import { rosterItemChanged } from "../roster/events.ts";
import {
  checkRoomForItem,
  interestedSessions,
  maySeePresence,
  rosterItemOf,
  rosterItems,
  seesPresence,
  writeRosterItem,
  type RosterItem,
} from "../roster/slots.ts";
import { sendAvailability } from "./broadcast.ts";
import { forgetContact } from "./directed.ts";
import { subscriptionAsked } from "./events.ts";
import { keptRequest } from "./kept-request.ts";
import { availableSessions, subscriptionRequests } from "./slots.ts";
import {
  receiveSubscription,
  sendSubscription,
  type SubscriptionType,
  type Transition,
} from "./subscription-states.ts";

export const requestsMax = integerOption({
  key: "requests_max",
  default: 500,
  min: 1,
  max: 100_000,
  unit: "requests",
  description: "How many people's requests to see a user's presence may wait for the user's answer.",
});

/**
 * The user asks for, answers, or cancels a subscription (RFC 6121 §3.1.2, §3.1.5, §3.2.2, §3.3.2, §3.4.2).
 *
 * @throws StanzaError
 */
export function sendSubscriptionStanza(host: Host, account: Account, stanza: Stanza, type: SubscriptionType): void {
  // [rfc6121-3.1.2-02]
  if (stanza.to === undefined)
    throw new StanzaError("bad-request", { text: `presence of type ${type} needs a contact` });
  // [rfc6121-3.1.2-03]
  const contact = bareOf(stanza.to);
  // Whoever owns an account sees its presence anyway.
  if (contact === account.jid) return;
  const before = rosterItemOf(account, contact);
  const transition = sendSubscription(type, before);
  // Whom the user asks or lets in, now or beforehand, the user must be able to see.
  // [rfc6121-3.1.1-04] [rfc6121-3.1.2-09] [rfc6121-3.4.2-06]
  const listed =
    before.listed ||
    transition.state.ask ||
    transition.state.approved ||
    maySeePresence({ ...before, ...transition.state });
  if (listed && !before.listed) checkRoomForItem(host, account);
  const changed = write(account, before, transition, listed);
  // Those who are about to lose sight see everybody leave first.
  // [rfc6121-3.2.2-04] [rfc6121-3.2.2-05] [rfc6121-4.6.1-03] [rfc6121-3.2.3-04]
  if (
    type === "unsubscribed" &&
    // [rfc6121-3.2.2-02]
    maySeePresence(before)
  )
    // [rfc3921-8.5.1-02] [rfc3921-8.5.2-02]
    closeOff(account, contact);
  if (transition.pass) {
    // What is asked or granted is between accounts. [rfc6121-3-01] [rfc6121-3.1.2-03] [rfc6121-3.1.2-07]
    // [rfc6121-3.1.5-01] [rfc6121-3.2.2-06] [rfc6121-3.3.2-04] [rfc6121-4.7.2.2-05]
    const element = withAttributes(stanza.element, { from: account.jid, to: contact });
    // [rfc6121-3.1.2-05] [rfc6121-3.1.5-01] [rfc6121-3.2.2-04] [rfc6121-3.2.2-06] [rfc6121-3.3.2-02]
    // [rfc3921-8.2-14] [rfc3921-8.2.1-02] [rfc3921-8.3-02] [rfc3921-8.3-07] [rfc3921-8.3.1-02]
    // [rfc3921-8.4.1-02] [rfc3921-8.4.2-02] [rfc3921-8.5.1-02] [rfc3921-8.5.2-02]
    account.send(stanzaOf("presence", element, account.jid, contact));
  }
  // [rfc6121-3.1.2-09] [rfc6121-3.1.5-02] [rfc6121-3.2.2-04] [rfc6121-3.2.2-07] [rfc6121-3.3.2-05] [rfc6121-3.4.2-06]
  // [rfc3921-8.2-05] [rfc3921-8.2-06] [rfc3921-8.2-14] [rfc3921-8.3-02] [rfc3921-8.3-07]
  // [rfc3921-8.4.1-02] [rfc3921-8.4.2-02] [rfc3921-8.5.1-02] [rfc3921-8.5.2-02]
  if (changed) host.emit(rosterItemChanged, { account, jid: contact });
  // [rfc6121-3.1.5-03]
  // [rfc3921-8.2-14] [rfc3921-8.3-07]
  if (type === "subscribed" && transition.pass) sendAvailability(account, contact, "available");
}

/** A contact asks for, answers, or cancels a subscription (RFC 6121 §3.1.3, §3.1.6, §3.2.3, §3.3.3). */
export function takeSubscriptionStanza(host: Host, account: Account, stanza: Stanza, type: SubscriptionType): void {
  const contact = bareOf(stanza.from);
  if (contact === account.jid) return;
  // [rfc6121-3.1.3-02]
  const toAccount = stanza.to === account.jid ? stanza : stanza.redirected(account.jid);
  const before = rosterItemOf(account, contact);
  const transition = receiveSubscription(type, before);
  const requests = account.map(subscriptionRequests);
  if (type === "subscribe" && transition.pass) {
    if (requests.size >= host.setting(requestsMax)) return;
    // [rfc6121-3.1.3-11] [rfc6121-3.1.3-12]
    requests.set(contact, copyOut(keptRequest(toAccount.element, host.setting(requestsMax))));
    host.emit(subscriptionAsked, { account, stanza: toAccount });
  }
  // [rfc6121-3.1.3-13] [rfc6121-A.1-01]
  const changed = write(account, before, transition, before.listed);
  // [rfc6121-3.1.3-06] [rfc6121-3.1.3-09], and for the answers [rfc6121-3.1.6-02] [rfc6121-3.2.3-02] [rfc6121-3.3.3-02]
  // [rfc3921-5.1.6-05]
  const recipients = type === "subscribe" ? availableSessions(account) : interestedSessions(account);
  // [rfc6121-3.1.6-02] [rfc6121-3.1.6-03] [rfc6121-3.2.3-02] [rfc6121-3.2.3-03] [rfc6121-3.3.3-02] [rfc6121-3.3.3-03]
  // [rfc3921-8.2-18] [rfc3921-8.2.1-04] [rfc3921-8.3-11] [rfc3921-8.3.1-03] [rfc3921-8.4.1-03]
  // [rfc3921-8.4.2-03] [rfc3921-8.5.1-03] [rfc3921-8.5.2-03] [rfc3921-8.6-02] [rfc3921-8.6-03]
  if (transition.pass) for (const session of recipients) session.send(toAccount);
  // Clients know the reason before they see the effect. [rfc6121-3.1.6-03] [rfc6121-3.2.3-03] [rfc6121-3.3.3-03]
  // [rfc3921-8.2-18] [rfc3921-8.2.1-04] [rfc3921-8.3-11] [rfc3921-8.3.1-03] [rfc3921-8.4.1-03]
  // [rfc3921-8.4.2-03] [rfc3921-8.5.1-03] [rfc3921-8.5.2-03] [rfc3921-8.6-02] [rfc3921-8.6-03]
  if (changed) host.emit(rosterItemChanged, { account, jid: contact });
  // [rfc3921-8.4.1-05] [rfc3921-8.4.2-05]
  if (type === "unsubscribe" && maySeePresence(before)) closeOff(account, contact);
  if (transition.reply === undefined) return;
  // [rfc6121-3.1.3-07] [rfc6121-3.1.3-08] [rfc6121-3.4.2-08] [rfc6121-A.3.1-11] [rfc6121-A.3.2-12]
  // [rfc3921-8.4.1-05] [rfc3921-8.4.2-05]
  account.send(makeStanza("presence", { from: account.jid, to: contact, type: transition.reply }));
  // Also to one who was let in before and asks again: whoever asks does not know.
  if (transition.reply === "subscribed") sendAvailability(account, contact, "available");
}

/** Shows a session that became available what others still wait for. */
export function redeliverRequests(host: Host, account: Account, session: Session): void {
  for (const [contact, element] of account.map(subscriptionRequests).entries()) {
    const from = parseJid(contact);
    // Also those of old, of which more was kept. [rfc6121-3.1.3-11] [rfc6121-3.1.3-12]
    const kept = keptRequest(element, host.setting(requestsMax));
    if (from !== undefined) session.send(stanzaOf("presence", kept, from, account.jid));
  }
}

/** Asks once more those who never answered: the request may have been lost on its way. */
export function repeatRequests(host: Host, account: Account): void {
  for (const [, item] of account.map(rosterItems).entries()) {
    if (!item.ask) continue;
    // [rfc6121-3.1.2-11]
    const head = { from: account.jid, to: bareOf(item.jid), type: "subscribe", id: randomToken(host.env, 10) };
    // [rfc6121-3.1.2-10]
    account.send(makeStanza("presence", head));
  }
}

/** Ends both subscriptions with a contact that was removed. */
export function cancelSubscriptions(account: Account, item: RosterItem, others?: SettlementTracker): void {
  const contact = bareOf(item.jid);
  // [rfc6121-2.5.2-02] [rfc6121-2.5.2-04]
  // [rfc3921-8.6-01]
  if (item.ask || seesPresence(item)) tell(account, contact, "unsubscribe", others);
  if (!maySeePresence(item)) return;
  // To this contact, not to all (S5). [rfc3921-8.6-01]
  closeOff(account, contact);
  // [rfc6121-2.5.2-03] [rfc6121-2.5.2-04] [rfc3921-8.6-01]
  tell(account, contact, "unsubscribed", others);
}

/** The account is no more: nobody sees it, nobody waits for it. */
export function cancelAllSubscriptions(account: Account, others: SettlementTracker): void {
  for (const [, item] of account.map(rosterItems).entries()) {
    cancelSubscriptions(account, item, others);
    if (item.pendingIn) tell(account, bareOf(item.jid), "unsubscribed", others);
  }
}

/** @param others counts what is not durable yet of what they are told */
function tell(
  account: Account,
  contact: BareJid,
  type: "unsubscribe" | "unsubscribed",
  others?: SettlementTracker,
): void {
  const settlement = others?.next();
  account.send(makeStanza("presence", { from: account.jid, to: contact, type, settlement }));
  if (settlement === undefined) return;
  // It may wait for its way out.
  const release = (): void => settlement.release();
  account.whenDurable(release, release);
}

function closeOff(account: Account, contact: BareJid): void {
  sendAvailability(account, contact, "unavailable");
  forgetContact(account, contact);
}

/** Notes the new state; says whether clients can see the difference. */
function write(account: Account, before: RosterItem, { state }: Transition, listed: boolean): boolean {
  const after: RosterItem = { ...before, ...state, listed };
  // [rfc6121-3.1.3-12] [rfc6121-3.3.3-06]
  // [rfc3921-8.2.1-03]
  if (before.pendingIn && !after.pendingIn) account.map(subscriptionRequests).delete(bareOf(before.jid));
  const shown =
    before.subscription !== after.subscription ||
    before.ask !== after.ask ||
    before.approved !== after.approved ||
    before.listed !== after.listed;
  if (shown || before.pendingIn !== after.pendingIn) writeRosterItem(account, after, shown);
  return shown && after.listed;
}
