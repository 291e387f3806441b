import { bareOf, type Jid } from "#protocol/jid/jid.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Account } from "#kit/account.ts";
import type { Session } from "#kit/session.ts";
import type { Stanza } from "#kit/stanza.ts";
import { maySeePresence, rosterItems } from "../roster/slots.ts";
import { sendGuarded } from "./broadcast.ts";
import { directedSlot, nobody } from "./slots.ts";

/** Addresses that one session may send directed presence to at a time: all of them must be told when it leaves. */
const directedMax = 1_000;

/**
 * Sends presence to one address and remembers it.
 *
 * @throws StanzaError resource-constraint
 */
export function sendDirected(account: Account, session: Session, stanza: Stanza, to: Jid): void {
  const directed = session.get(directedSlot);
  // [rfc6121-4.6.1-04]
  if (stanza.type === "unavailable") forget(session, (each) => each === to);
  else if (!directed.has(to)) {
    if (directed.size >= directedMax)
      throw new StanzaError("resource-constraint", { text: "too many addresses are shown presence directly" });
    // [rfc6121-4.6.3-03] [rfc6121-4.6.3-04]
    session.set(directedSlot, new Set(directed).add(to));
  }
  // [rfc6121-4.6.3-02] [rfc6121-4.6.3-03]
  account.send(stanza);
}

/**
 * The session is not available any more: whoever it was shown to directly hears of it, except those who were told by
 * the broadcast that just went out.
 */
export function endDirected(account: Account, session: Session, unavailable: Stanza, afterBroadcast: boolean): void {
  const directed = session.get(directedSlot);
  session.set(directedSlot, nobody);
  for (const to of directed) {
    const bare = bareOf(to);
    // [rfc6121-4.6.1-02] [rfc6121-4.6.3-02]
    const told = bare === account.jid || maySeePresence(account.map(rosterItems).get(bare));
    // [rfc6121-4.6.3-03] [rfc6121-4.6.3-04]
    if (!afterBroadcast || !told) sendGuarded(account, session, unavailable.redirected(to));
  }
}

/** Somebody has left: what they were shown directly need not be taken back. */
export function forgetWhoLeft(account: Account, who: Jid): void {
  // [rfc6121-4.6.1-04]
  for (const session of account.sessions.values()) forget(session, (each) => each === who);
}

/** A contact's subscription was cancelled, and with it all that it was shown. */
export function forgetContact(account: Account, contact: Jid): void {
  // [rfc6121-4.6.1-03]
  for (const session of account.sessions.values()) forget(session, (each) => bareOf(each) === contact);
}

function forget(session: Session, which: (jid: Jid) => boolean): void {
  const directed = session.get(directedSlot);
  const left = [...directed].filter((jid) => !which(jid));
  if (left.length < directed.size) session.set(directedSlot, new Set(left));
}
