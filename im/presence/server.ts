import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { copyOut } from "#protocol/xml/copy-out.ts";
import { serializeBytes } from "#protocol/xml/serialize.ts";
import { isFull, resourceOf } from "#protocol/jid/jid.ts";
import { errorReply, StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Account } from "#kit/account.ts";
import { on } from "#kit/events.ts";
import type { Host } from "#kit/host.ts";
import { accountLeaving, serversInDoubt, sessionEnded, sessionResumed } from "#kit/lifecycle.ts";
import { serverModule, type Verdict } from "#kit/server-module.ts";
import type { Session } from "#kit/session.ts";
import { stanzaOf, type Stanza } from "#kit/stanza.ts";
import { rosterItemRemoved } from "../roster/events.ts";
import { interestedSlot } from "../roster/slots.ts";
import { askAfter, showAbsent } from "./absence.ts";
import { broadcast, probeContacts, showAfresh, showOwnResources, unavailableOf } from "./broadcast.ts";
import { endDirected, forgetWhoLeft, sendDirected } from "./directed.ts";
import { sessionAvailable, sessionPresenceChanged, sessionUnavailable } from "./events.ts";
import { answerProbe } from "./probes.ts";
import {
  availableSessions,
  lastLeft,
  noteLeave,
  presenceSlot,
  sentDirectedTo,
  sharesPresence,
  subscriptionRequests,
} from "./slots.ts";
import { isSubscriptionType } from "./subscription-states.ts";
import {
  cancelAllSubscriptions,
  cancelSubscriptions,
  redeliverRequests,
  repeatRequests,
  requestsMax,
  sendSubscriptionStanza,
  takeSubscriptionStanza,
} from "./subscriptions.ts";

/** Presence and its subscriptions: RFC 6121 §3 and §4. */
export const presence = serverModule({
  name: "presence",
  indispensable: true,
  implements: [{ rfc: 6121, title: "Instant Messaging and Presence: presence", version: "3, 4", status: "complete" }],
  options: [requestsMax],
  slots: [subscriptionRequests, lastLeft],
  start: (host) => ({
    presence: {
      outbound: (account, stanza, session) => send(host, account, stanza, session),
      inbound: (account, stanza) => take(host, account, stanza),
    },
    guard: { inbound: presenceLeak },
    events: [
      // [rfc6121-4.5.2-01] [rfc6121-4.5.2-06]
      on(sessionEnded, ({ account, session }) => leave(host, account, session, unavailableOf(session))),
      // Nobody told it who left while the server was down.
      on(sessionResumed, ({ account, session, missesPresence }) => {
        if (missesPresence && session.get(presenceSlot) !== undefined) showAfresh(account, session);
      }),
      on(serversInDoubt, ({ account, domains, awaited }) => askAfter(account, domains, awaited)),
      on(rosterItemRemoved, ({ account, item }) => cancelSubscriptions(account, item)),
      on(accountLeaving, ({ account, others }) => cancelAllSubscriptions(account, others)),
    ],
  }),
});

/** UTF-8 bytes of a presence: it is kept for the session, and goes to all contacts, again whenever one of them comes. */
const presenceBytesMax = 16 * 1024;

function send(host: Host, account: Account, stanza: Stanza, session: Session): void {
  const { type, to } = stanza;
  if (serializeBytes(stanza.element).length > presenceBytesMax)
    throw new StanzaError("policy-violation", { type: "modify", text: "the presence is too large" });
  if (isSubscriptionType(type)) {
    // [rfc6121-3.1.2-01] [rfc6121-3.2.2-01] [rfc6121-3.3.2-01] [rfc6121-3.4.2-01] [rfc6121-3.4-01]
    sendSubscriptionStanza(host, account, stanza, type);
  } else if (type === "probe" || type === "error") {
    // A client need not probe, and may. [rfc6121-4.3-03]
    if (to !== undefined) account.send(stanza);
  } else if (!isNotification(type)) {
    // [rfc6121-4.7.1-04] [rfc6121-4.7.1-02]
    throw new StanzaError("bad-request", { text: "unknown type of presence" });
  } else if (to !== undefined) {
    // [rfc6121-4.6.3-01]
    sendDirected(account, session, stanza, to);
  } else if (type === undefined) {
    // Whatever else it says. [rfc6121-4.2.1-02] [rfc6121-4.4.1-01] [rfc6120-8.4-10] [rfc6120-8.4-11]
    becomeAvailable(host, account, stanza, session);
  } else {
    // [rfc6121-4.5.1-02] [rfc6121-4.7.2.2-04]
    leave(host, account, session, stanza);
  }
}

/** RFC 6121 §4.2, §4.4 */
function becomeAvailable(host: Host, account: Account, stanza: Stanza, session: Session): void {
  const before = session.get(presenceSlot);
  const now = { element: copyOut(stanza.element), priority: priorityOf(stanza), at: host.env.now() };
  const first = availableSessions(account).length === 0;
  session.set(presenceSlot, now);
  broadcast(account, session, stanza);
  if (before !== undefined) {
    host.emit(sessionPresenceChanged, { account, session, before, presence: now });
    return;
  }
  showOwnResources(account, session);
  // [rfc6121-4.3.1-02] [rfc6121-4.2.2-03]
  probeContacts(account, session);
  redeliverRequests(host, account, session);
  if (first) repeatRequests(host, account);
  host.emit(sessionAvailable, { account, session, presence: now });
}

/** The session is not available any more: it said so, or it ended. */
function leave(host: Host, account: Account, session: Session, stanza: Stanza): void {
  const wasAvailable = session.get(presenceSlot) !== undefined;
  // [rfc6121-4.5.2-02] [rfc6121-4.5.2-03] [rfc6121-4.5.2-04]
  if (wasAvailable && !isShownAgain(account, session)) broadcast(account, session, stanza);
  endDirected(account, session, stanza, wasAvailable);
  if (!wasAvailable) return;
  // What it says next is initial presence. [rfc6121-4.5.2-07]
  session.set(presenceSlot, undefined);
  const status = stanza.element.child(NS_CLIENT, "status")?.text;
  if (availableSessions(account).length === 0) noteLeave(account, host.env.now(), status);
  host.emit(sessionUnavailable, { account, session, status });
}

/** Whether the address is there again already: another session took its place before what it owed could be read, and it left. */
function isShownAgain(account: Account, session: Session): boolean {
  const there = account.sessions.get(session.resource);
  return there !== undefined && there !== session && there.get(presenceSlot) !== undefined;
}

function take(host: Host, account: Account, stanza: Stanza): void {
  const { type, to } = stanza;
  const resource = to === undefined ? undefined : resourceOf(to);
  const addressed = resource === undefined ? undefined : account.sessions.get(resource);
  if (isSubscriptionType(type)) {
    // [rfc6121-8.5.3.2.2-02] [rfc6121-8.5.3.2.2-03]
    const ignored = resource !== undefined && addressed === undefined && type !== "subscribe";
    // [rfc6121-8.5.2.1.2-02] [rfc6121-8.5.2.2.2-02] [rfc6121-8.5.3.1-05] [rfc6121-3.1.3-04]
    if (!ignored) takeSubscriptionStanza(host, account, stanza, type);
    return;
  }
  if (type === "probe") {
    // [rfc6121-8.5.2.1.2-03] [rfc6121-8.5.2.2.2-03] [rfc6121-8.5.3.1-06] [rfc6121-8.5.3.2.2-04]
    answerProbe(account, stanza);
    return;
  }
  // [rfc6121-4.7.1-04] [rfc6121-4.7.1-02]
  if (type !== "error" && !isNotification(type)) {
    const reply = errorReply(stanza.element, new StanzaError("bad-request", { text: "unknown type of presence" }));
    if (reply !== undefined) account.send(stanzaOf("presence", reply, to ?? account.jid, stanza.from));
    return;
  }
  // [rfc6121-4.6.1-04]
  if (type === "unavailable") forgetWhoLeft(account, stanza.from);
  // [rfc6121-8.5.3.1-04] [rfc6121-8.5.3.2.2-01]
  if (resource !== undefined) addressed?.send(stanza);
  // [rfc6121-8.5.2.1.2-01] [rfc6121-8.5.2.1.2-04] [rfc6121-4.2.3-01] [rfc6121-4.4.3-01] [rfc6121-4.5.3-01]
  // [rfc6121-3.1.6-04] [rfc6121-3.2.3-04] [rfc6120-10.5.3.2-03]
  // [rfc3921-8.2-09] [rfc3921-8.2-15] [rfc3921-8.3-03] [rfc3921-8.3-08]
  else for (const session of recipientsOf(account, type)) session.send(stanza);
  // Last, since clients go by what they heard last.
  if (type === "error") showAbsent(account, stanza);
}

/** Presence is for those who are available, news of a failed request for all who follow the roster. */
function recipientsOf(account: Account, type: string | undefined): readonly Session[] {
  // [rfc6121-8.5.2.2.2-01] [rfc6120-10.5.3.2-04]
  if (type !== "error") return availableSessions(account);
  return [...account.sessions.values()].filter(
    (session) => session.get(presenceSlot) !== undefined || session.get(interestedSlot),
  );
}

/** A request to a resource would tell strangers that it is there. */
function presenceLeak(account: Account, stanza: Stanza): Verdict | undefined {
  // [rfc6121-8.5.3.1-02]
  if (stanza.kind !== "iq" || (stanza.type !== "get" && stanza.type !== "set")) return undefined;
  const { to, from } = stanza;
  if (to === undefined || !isFull(to) || sharesPresence(account, from)) return undefined;
  const session = account.sessions.get(resourceOf(to) ?? "");
  if (session !== undefined && sentDirectedTo(session, from)) return undefined;
  // [rfc6121-8.5.3.1-01] [rfc6121-11-02]
  // [rfc6120-8.3.3.7-02] [rfc6120-8.3.3.13-02] [rfc6120-8.3.3.19-02] [rfc6120-13.10.2-01] [rfc6120-13.10.2-02]
  return { refuse: new StanzaError("service-unavailable") };
}

function isNotification(type: string | undefined): boolean {
  return type === undefined || type === "unavailable";
}

function priorityOf(stanza: Stanza): number {
  // [rfc6121-4.7.2.3-05] [rfc6121-4.7.2.3-01]
  const text = stanza.element.child(NS_CLIENT, "priority")?.text.trim() ?? "0";
  const priority = /^[+-]?\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  // [rfc6121-4.7.2.3-02]
  if (priority >= -128 && priority <= 127) return priority;
  throw new StanzaError("bad-request", { text: "a priority is an integer from -128 to 127" });
}
