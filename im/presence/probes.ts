import { xml } from "#protocol/xml/element.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { bareOf, resourceOf, type Jid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import type { Session } from "#kit/session.ts";
import { makeStanza, stanzaOf, type Stanza } from "#kit/stanza.ts";
import { Delay } from "#xep/0203-delayed-delivery/elements.ts";
import { sendAvailability, sendGuarded } from "./broadcast.ts";
import { availableSessions, lastLeft, presenceSlot, sentDirectedTo, sharesPresence } from "./slots.ts";

/** Somebody, usually a contact's server, asks how things stand. */
export function answerProbe(account: Account, probe: Stanza): void {
  const resource = probe.to === undefined ? undefined : resourceOf(probe.to);
  // Subscriptions go first. [rfc6121-4.6.6-03] [rfc6121-4.6.1-01] [rfc6121-4.3.2-01] [rfc6121-11-01] [rfc6121-4.3.2-04]
  if (!sharesPresence(account, probe.from)) answerStranger(account, probe, resource);
  // [rfc6121-4.3.2-10]
  else if (resource !== undefined) answerAboutResource(account, probe, resource);
  // [rfc6121-4.3.2-09] [rfc6121-4.3.2.1-01]
  else if (availableSessions(account).length > 0) sendAvailability(account, probe.from, "available");
  // [rfc6121-4.3.2-06]
  else account.send(away(account, probe));
}

/** Whoever was sent directed presence may know that it still holds, and no more; to all others nobody is here. */
function answerStranger(account: Account, probe: Stanza, resource: string | undefined): void {
  const shown = [...account.sessions.values()].filter(
    (session) => (resource === undefined || session.resource === resource) && sentDirectedTo(session, probe.from),
  );
  // [rfc6121-4.6.6-04]
  for (const session of shown) sendGuarded(account, session, merely(session, probe.from));
  // It concerns the asker's account, whichever of its resources asked. [rfc6121-4.3.2-03] [rfc6121-4.3.2.1-02]
  const head = { from: account.jid, to: bareOf(probe.from), type: "unsubscribed", id: probe.id };
  // An answer, not a cancellation of ours: what was approved beforehand stays. [rfc6121-4.3.2-01] [rfc6121-4.3.2-02]
  if (shown.length === 0) account.send(makeStanza("presence", head));
}

function answerAboutResource(account: Account, probe: Stanza, resource: string): void {
  const session = account.sessions.get(resource);
  const shown =
    session?.get(presenceSlot) !== undefined || (session !== undefined && sentDirectedTo(session, probe.from));
  // [rfc6121-4.3.2-10] [rfc6121-4.3.2-11]
  if (session !== undefined && shown) sendGuarded(account, session, merely(session, probe.from));
  else {
    // [rfc6121-4.3.2.1-02]
    const head = { from: probe.to ?? account.jid, to: probe.from, type: "unavailable", id: probe.id };
    account.send(makeStanza("presence", head));
  }
}

/** That a resource is there, without what it says of itself. */
function merely(session: Session, to: Jid): Stanza {
  // [rfc6121-4.3.2-11] [rfc6121-4.6.6-04]
  return stanzaOf("presence", xml(NS_CLIENT, "presence", { from: session.jid, to }), session.jid, to);
}

function away(account: Account, probe: Stanza): Stanza {
  // [rfc6121-4.3.2-06] [rfc6121-4.3.2.1-02]
  const head = { from: account.jid, to: probe.from, type: "unavailable", id: probe.id };
  const stamp = account.value(lastLeft).get()?.at;
  // [rfc6121-4.3.2-07] [rfc6121-4.3.2-08]
  return makeStanza("presence", head, stamp === undefined ? undefined : Delay.build({ stamp, reason: "" }));
}
