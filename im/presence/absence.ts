import { NS_STANZAS } from "#protocol/xml/namespaces.ts";
import { bareOf, domainOf, type DomainJid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import { makeStanza, type Stanza } from "#kit/stanza.ts";
import { rosterItems, seesPresence } from "../roster/slots.ts";
import { probeContacts } from "./broadcast.ts";
import { availableSessions } from "./slots.ts";

/**
 * Servers of contacts were lost, and nobody told who left there: the contacts are asked after, once for all sessions. Who is
 * there says so once more; for whose server stays away the question comes back as an error.
 *
 * @param awaited told of each of the domains where the account has somebody to ask after
 */
export function askAfter(
  account: Account,
  domains: ReadonlySet<DomainJid>,
  awaited: (domain: DomainJid) => void,
): void {
  const [session] = availableSessions(account);
  if (session === undefined) return;
  for (const domain of probeContacts(account, session, (jid) => domains.has(domainOf(jid)))) awaited(domain);
}

/**
 * A contact's server cannot be reached: as far as anybody can know, the contact is not there. Clients that were shown
 * otherwise are told, for all of the contact's resources (RFC 6121 §4.5.4).
 */
export function showAbsent(account: Account, error: Stanza): void {
  const contact = bareOf(error.from);
  if (!isUnreachable(error) || !seesPresence(account.map(rosterItems).get(contact))) return;
  for (const session of availableSessions(account))
    session.send(makeStanza("presence", { from: contact, to: session.jid, type: "unavailable" }));
}

function isUnreachable({ element }: Stanza): boolean {
  const error = element.elements().find(({ name }) => name === "error");
  return ["remote-server-timeout", "remote-server-not-found"].some(
    (condition) => error?.child(NS_STANZAS, condition) !== undefined,
  );
}
