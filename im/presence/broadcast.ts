import { withAttributes, xml } from "#protocol/xml/element.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { bareOf, domainOf, type DomainJid, type Jid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import type { Session } from "#kit/session.ts";
import { makeStanza, stanzaOf, type Stanza } from "#kit/stanza.ts";
import { maySeePresence, rosterItems, seesPresence } from "../roster/slots.ts";
import { availableSessions, costOfOne, presenceSlot } from "./slots.ts";

/** Sends presence, whole, to everyone who is subscribed, and to the user's own available resources. */
export function broadcast(account: Account, session: Session, stanza: Stanza): void {
  let sent = 0;
  for (const [, item] of account.map(rosterItems).entries())
    // [rfc6120-10.3.2-01] [rfc6120-13.10.2-01]
    // [rfc6121-4.2.2-01] [rfc6121-4.4.2-01] [rfc6121-4.5.2-02] [rfc6121-4.5.2-04] [rfc6121-11-03]
    // [rfc6121-4.7.2.1-01] [rfc6121-4.7.2.2-01] [rfc6121-4.7.2.2-03] [rfc6121-4.7.2.3-01] [rfc6121-4.7.3-01]
    if (maySeePresence(item)) {
      sendGuarded(account, session, stanza.redirected(bareOf(item.jid)));
      sent += 1;
    }
  session.charge(sent * costOfOne);
  const own = stanza.redirected(account.jid);
  // [rfc6121-4.2.2-02] [rfc6121-4.4.2-02] [rfc6121-4.5.2-05]
  for (const other of availableSessions(account)) other.send(own);
}

/**
 * Asks every contact that the user may see for its presence, in the account's name, or only some of them.
 *
 * @returns the domains of those that were asked
 */
export function probeContacts(
  account: Account,
  session: Session,
  isAsked: (contact: Jid) => boolean = () => true,
): ReadonlySet<DomainJid> {
  const domains = new Set<DomainJid>();
  let sent = 0;
  for (const [, item] of account.map(rosterItems).entries()) {
    if (!seesPresence(item) || !isAsked(item.jid)) continue;
    domains.add(domainOf(item.jid));
    // [rfc6121-4.3-01]
    const head = { from: account.jid, to: bareOf(item.jid), type: "probe" };
    // [rfc6121-4.2.2-03] [rfc6121-4.7.1-03]
    sendGuarded(account, session, makeStanza("presence", head));
    sent += 1;
  }
  session.charge(sent * costOfOne);
  return domains;
}

/** Shows a session that became available the user's other resources. */
export function showOwnResources(account: Account, session: Session): void {
  for (const other of availableSessions(account)) {
    const presence = other.get(presenceSlot);
    if (other === session || presence === undefined) continue;
    session.send(presenceTo(presence.element, other, session.jid));
  }
}

/** What a session was shown may not hold any more: it forgets all of it, and is shown how things stand. */
export function showAfresh(account: Account, session: Session): void {
  const gone = (who: Jid): void =>
    session.send(makeStanza("presence", { from: who, to: session.jid, type: "unavailable" }));
  gone(account.jid);
  for (const [, item] of account.map(rosterItems).entries()) if (seesPresence(item)) gone(bareOf(item.jid));
  showOwnResources(account, session);
  probeContacts(account, session);
}

/** Tells one contact how things stand with every available resource, or that they are all gone for it. */
export function sendAvailability(account: Account, to: Jid, as: "available" | "unavailable"): void {
  for (const session of availableSessions(account)) {
    const presence = session.get(presenceSlot);
    if (presence === undefined) continue;
    const element = as === "available" ? presence.element : unavailableElement(session);
    sendGuarded(account, session, presenceTo(element, session, to));
  }
}

/** The presence that the server sends for a session which left without a word. */
export function unavailableOf(session: Session): Stanza {
  // [rfc6121-4.5.2-06]
  return stanzaOf("presence", unavailableElement(session), session.jid, undefined);
}

/** What the server says on the session's behalf stops, without a word, where a guard says so. */
export function sendGuarded(account: Account, session: Session, stanza: Stanza): void {
  if (account.outboundVerdict(stanza, session) === undefined) account.send(stanza);
}

function unavailableElement(session: Session): Stanza["element"] {
  // [rfc6121-4.5.1-03]
  return xml(NS_CLIENT, "presence", { from: session.jid, type: "unavailable" });
}

function presenceTo(element: Stanza["element"], from: Session, to: Jid): Stanza {
  return stanzaOf("presence", withAttributes(element, { to }), from.jid, to);
}
