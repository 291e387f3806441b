import type { XmlElement } from "#protocol/xml/element.ts";
import type { ClientSession } from "./client-session.ts";
import type { Ledger } from "./ledger.ts";
import { bareOf, shownItem } from "./shown-item.ts";

export const NS_MAM = "urn:xmpp:mam:2";

/** What taking a stanza needs of its client. */
interface Taker {
  readonly world: { readonly ledger: Ledger; readonly clock: { readonly now: number } };
  /** Called with each answer to a request of its own. */
  readonly requests: Map<string, (answer: XmlElement) => void>;
  readonly sendStanza: (bytes: string) => void;
  readonly violation: (text: string) => void;
  /** The roster, or its version, is another one now. */
  readonly showsRoster: (session: ClientSession) => void;
}

/** What a client does with a stanza that came: it answers, and remembers what it was told. */
export function takeStanza(client: Taker, session: ClientSession, stanza: XmlElement): void {
  const to = stanza.attr("to");
  // A chat message for a device that is gone finds another one.
  if (stanza.name !== "message" && to !== undefined && to !== session.jid && to !== session.account)
    client.violation(`${session.name} got a stanza for ${to}`);
  if (stanza.name === "message") takeMessage(client, session, stanza);
  else if (stanza.name === "presence") takePresence(session, stanza);
  else takeIq(client, session, stanza);
}

function takeMessage(client: Taker, session: ClientSession, stanza: XmlElement): void {
  const { ledger, clock } = client.world;
  for (const direction of ["sent", "received"] as const) {
    const copy = stanza.child("urn:xmpp:carbons:2", direction);
    if (copy === undefined) continue;
    if (stanza.attr("from") !== session.account) client.violation(`${session.name} got a forged copy`);
    const message = copy.child("urn:xmpp:forward:0", "forwarded")?.child("jabber:client", "message");
    if (message === undefined) return;
    noteArchiveId(client, session, message);
    // Of an error that answers a message of which there were copies, as well.
    if (message.attr("type") === "error") ledger.returnedToAnother(session, message.attr("id") ?? "", clock.now);
    else
      ledger.copied(session, message.attr("id") ?? "", { direction, from: message.attr("from") ?? "", at: clock.now });
    return;
  }
  const result = stanza.child(NS_MAM, "result");
  const archived = result?.child("urn:xmpp:forward:0", "forwarded")?.child("jabber:client", "message");
  if (archived !== undefined) {
    if (stanza.attr("from") !== session.account) client.violation(`${session.name} got a forged page of an archive`);
    ledger.read(session, archived.attr("id") ?? "", archived.attr("from") ?? "");
    ledger.shown(session, archived.attr("id") ?? "", result?.attr("id") ?? "");
    return;
  }
  const id = stanza.attr("id") ?? "";
  if (stanza.attr("type") === "error") {
    if (id !== "") ledger.returned(session, id, clock.now);
    return;
  }
  noteArchiveId(client, session, stanza);
  const delayed = stanza.child("urn:xmpp:delay", "delay") !== undefined;
  ledger.received(session, id, stanza.attr("from") ?? "", { at: clock.now, delayed });
}

/** What the account's server says that a message has as its id in the archive. */
function noteArchiveId({ world }: Taker, session: ClientSession, message: XmlElement): void {
  for (const each of message.elements())
    if (each.name === "stanza-id" && each.ns === "urn:xmpp:sid:0" && each.attr("by") === session.account)
      world.ledger.shown(session, message.attr("id") ?? "", each.attr("id") ?? "");
}

function takePresence(session: ClientSession, stanza: XmlElement): void {
  const from = stanza.attr("from") ?? "";
  switch (stanza.attr("type")) {
    case undefined:
      session.sees.add(from);
      return;
    case "unavailable":
      session.sees.delete(from);
      // From the bare address: of everything that the account has.
      if (!from.includes("/")) for (const seen of session.sees) if (bareOf(seen) === from) session.sees.delete(seen);
      return;
    case "subscribe":
      session.asked.add(from);
      return;
    case "unsubscribe":
      session.asked.delete(from);
      return;
    default:
  }
}

function takeIq(client: Taker, session: ClientSession, iq: XmlElement): void {
  const type = iq.attr("type");
  const id = iq.attr("id") ?? "";
  if (type === "result" || type === "error") {
    const answered = client.requests.get(id);
    client.requests.delete(id);
    answered?.(iq);
    const from = iq.attr("from");
    if (type === "result" && (from === undefined || from === session.account)) session.answered();
    return;
  }
  const from = iq.attr("from");
  const byServer = from === undefined || from === session.account;
  const [payload] = iq.elements();
  if (type === "set" && byServer && payload?.ns === "jabber:iq:roster") {
    takeRosterPush(session, payload);
    client.showsRoster(session);
  } else if (type === "set" && byServer && payload?.ns === "urn:xmpp:blocking") takeBlockPush(session, payload);
  const address = from === undefined ? "" : ` to='${from}'`;
  client.sendStanza(`<iq type='result' id='${id}'${address}/>`);
}

function takeRosterPush(session: ClientSession, query: XmlElement): void {
  // Ahead of the answer to the request for it there is no roster to change.
  session.rosterVersion = query.attr("ver") ?? session.rosterVersion;
  for (const item of query.elements()) {
    const jid = item.attr("jid") ?? "";
    if (item.attr("subscription") === "remove") session.roster?.delete(jid);
    else session.roster?.set(jid, shownItem(item));
  }
}

function takeBlockPush(session: ClientSession, payload: XmlElement): void {
  const jids = payload.elements().map((item) => item.attr("jid") ?? "");
  if (payload.name === "block")
    for (const jid of jids) {
      session.blocked?.add(jid);
      // Who is blocked is not there for the user, and will not be heard to leave.
      for (const seen of session.sees) if (bareOf(seen) === jid) session.sees.delete(seen);
    }
  else if (jids.length === 0) session.blocked?.clear();
  else for (const jid of jids) session.blocked?.delete(jid);
}
