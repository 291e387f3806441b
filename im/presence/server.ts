import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { copyOut } from "#protocol/xml/copy-out.ts";
import { bareOf, isFull, resourceOf } from "#protocol/jid/jid.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Account } from "#kit/account.ts";
import { on } from "#kit/events.ts";
import type { Host } from "#kit/host.ts";
import { accountDeleting, sessionEnded } from "#kit/lifecycle.ts";
import { serverModule, type Verdict } from "#kit/server-module.ts";
import type { Session } from "#kit/session.ts";
import { makeStanza, type Stanza } from "#kit/stanza.ts";
import { rosterItemRemoved } from "../roster/events.ts";
import { maySeePresence, rosterItems } from "../roster/slots.ts";
import {
  broadcast,
  endDirected,
  probeContacts,
  sendAvailability,
  sendDirected,
  showOwnResources,
  unavailableOf,
} from "./broadcast.ts";
import { sessionAvailable, sessionPresenceChanged, sessionUnavailable } from "./events.ts";
import { availableSessions, directedSlot, presenceSlot } from "./slots.ts";
import { isSubscriptionType } from "./subscription-states.ts";
import {
  cancelSubscriptions,
  redeliverRequests,
  requestsMax,
  sendSubscriptionStanza,
  subscriptionRequests,
  takeSubscriptionStanza,
} from "./subscriptions.ts";

/** Presence and its subscriptions: RFC 6121 §3 and §4. */
export const presence = serverModule({
  name: "presence",
  indispensable: true,
  implements: [{ rfc: 6121, title: "Instant Messaging and Presence: presence", version: "3, 4", status: "complete" }],
  options: [requestsMax],
  slots: [subscriptionRequests],
  start: (host) => ({
    presence: {
      outbound: (account, stanza, session) => send(host, account, stanza, session),
      inbound: (account, stanza) => take(host, account, stanza),
    },
    guard: { inbound: presenceLeak },
    events: [
      on(sessionEnded, ({ account, session }) => leave(host, account, session, unavailableOf(session))),
      on(rosterItemRemoved, ({ account, item }) => cancelSubscriptions(account, item)),
      on(accountDeleting, ({ account }) => {
        for (const [, item] of account.map(rosterItems).entries()) cancelSubscriptions(account, item);
      }),
    ],
  }),
});

function send(host: Host, account: Account, stanza: Stanza, session: Session): void {
  const { type, to } = stanza;
  if (isSubscriptionType(type)) sendSubscriptionStanza(host, account, stanza, type);
  else if (type === "probe" || type === "error") {
    if (to !== undefined) account.send(stanza);
  } else if (type !== undefined && type !== "unavailable") {
    throw new StanzaError("bad-request", { text: "unknown type of presence" });
  } else if (to !== undefined) sendDirected(account, session, stanza, to);
  else if (type === undefined) becomeAvailable(host, account, stanza, session);
  else leave(host, account, session, stanza);
}

/** RFC 6121 §4.2, §4.4 */
function becomeAvailable(host: Host, account: Account, stanza: Stanza, session: Session): void {
  const before = session.get(presenceSlot);
  const now = { element: copyOut(stanza.element), priority: priorityOf(stanza), at: host.env.now() };
  session.set(presenceSlot, now);
  broadcast(account, session, stanza);
  if (before !== undefined) {
    host.emit(sessionPresenceChanged, { account, session, before, presence: now });
    return;
  }
  showOwnResources(account, session);
  probeContacts(account, session);
  redeliverRequests(account, session);
  host.emit(sessionAvailable, { account, session, presence: now });
}

/** The session is not available any more: it said so, or it ended (RFC 6121 §4.5). */
function leave(host: Host, account: Account, session: Session, stanza: Stanza): void {
  if (session.get(presenceSlot) !== undefined) {
    broadcast(account, session, stanza);
    session.set(presenceSlot, undefined);
    const status = stanza.element.child(NS_CLIENT, "status")?.text;
    host.emit(sessionUnavailable, { account, session, status });
  }
  endDirected(account, session, stanza);
}

function take(host: Host, account: Account, stanza: Stanza): void {
  const { type } = stanza;
  if (isSubscriptionType(type)) takeSubscriptionStanza(host, account, stanza, type);
  else if (type === "probe") answerProbe(account, stanza);
  else if (stanza.to !== undefined && isFull(stanza.to))
    account.sessions.get(resourceOf(stanza.to) ?? "")?.send(stanza);
  else if (type === undefined || type === "unavailable")
    for (const session of availableSessions(account)) session.send(stanza);
}

/** RFC 6121 §4.3.2 */
function answerProbe(account: Account, { from }: Stanza): void {
  const contact = bareOf(from);
  const allowed = contact === account.jid || maySeePresence(account.map(rosterItems).get(contact));
  if (!allowed) account.send(makeStanza("presence", { from: account.jid, to: from, type: "unsubscribed" }));
  else if (availableSessions(account).length > 0) sendAvailability(account, from, "available");
  else account.send(makeStanza("presence", { from: account.jid, to: from, type: "unavailable" }));
}

/** A request to a resource would tell strangers that it is there (RFC 6121 §8.5.3.1, §11). [rfc6121-8.5.3.1-02] */
function presenceLeak(account: Account, stanza: Stanza): Verdict | undefined {
  if (stanza.kind !== "iq" || (stanza.type !== "get" && stanza.type !== "set")) return undefined;
  const { to, from } = stanza;
  if (to === undefined || !isFull(to)) return undefined;
  const contact = bareOf(from);
  if (contact === account.jid || maySeePresence(account.map(rosterItems).get(contact))) return undefined;
  const directed = account.sessions.get(resourceOf(to) ?? "")?.get(directedSlot);
  if (directed !== undefined && (directed.has(from) || directed.has(contact))) return undefined;
  return { refuse: new StanzaError("service-unavailable") };
}

/** RFC 6121 §4.7.2.3 */
function priorityOf(stanza: Stanza): number {
  const text = stanza.element.child(NS_CLIENT, "priority")?.text.trim() ?? "0";
  const priority = /^[+-]?\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (priority >= -128 && priority <= 127) return priority;
  throw new StanzaError("bad-request", { text: "a priority is an integer from -128 to 127" });
}
