import type { XmlElement } from "#protocol/xml/element.ts";
import { bareOf, parseJid, type Jid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import type { Session } from "#kit/session.ts";
import { accountMap, accountValue, json, sessionSlot, type StoredCodec } from "#kit/slots.ts";
import { storedXml } from "#kit/stored-xml.ts";
import { maySeePresence, rosterItems } from "../roster/slots.ts";

/** What an available resource last said about itself (RFC 6121 §4.2, §4.7). */
export interface AvailablePresence {
  /** The stanza as the client sent it, `from` stamped, kept apart from the input that it came in. */
  readonly element: XmlElement;
  /** -128 to 127. */
  readonly priority: number;
  /** When it was sent, in milliseconds since the epoch. */
  readonly at: number;
}

const storedPresence: StoredCodec<AvailablePresence | undefined> = {
  encode: (presence) => JSON.stringify(presence && { ...presence, element: storedXml.encode(presence.element) }),
  decode: (text) => {
    const stored = json<Omit<AvailablePresence, "element"> & { readonly element: string }>().decode(text);
    return { ...stored, element: storedXml.decode(stored.element) };
  },
};

/** Undefined while the resource is connected and not available. */
export const presenceSlot = sessionSlot<AvailablePresence | undefined>("presence", () => undefined, storedPresence);

/**
 * The contacts' requests that wait for an answer: the whole stanza as it came, by the contact's bare JID (S1). One from
 * each contact: the first.
 */
export const subscriptionRequests = accountMap<XmlElement>("subscription-requests", 1, storedXml);

/** When the account's last available resource left, in milliseconds since the epoch, and what it said. */
export const lastLeft = accountValue<{ readonly at: number; readonly status: string }>("last-left", 2, json(), {
  // Words were not kept here before.
  2: (at) => JSON.stringify({ at: Number(at), status: "" }),
});

/** What is kept of a parting word, in UTF-16 code units. */
const statusLengthMax = 1_024;

/** The last available resource has left. */
export function noteLeave(account: Account, at: number, status = ""): void {
  account.value(lastLeft).set({ at, status: status.slice(0, statusLengthMax).toWellFormed() });
}

/**
 * What one stanza to one of many contacts counts for the client in whose name it goes out, in stanzas of its own: a word of its
 * presence becomes thousands.
 */
export const costOfOne = 0.1;

/** No addresses. */
export const nobody: ReadonlySet<Jid> = new Set();

/** Who was sent directed presence and must hear when it ends (RFC 6121 §4.6.3). */
export const directedSlot = sessionSlot<ReadonlySet<Jid>>("directed-presence", () => nobody, {
  encode: (directed) => JSON.stringify([...directed]),
  decode: (text) =>
    new Set(
      json<readonly string[]>()
        .decode(text)
        .flatMap((jid) => parseJid(jid) ?? []),
    ),
});

/** The resources that are available (RFC 6121 §4.2.1), in the order in which they were bound. */
export function availableSessions(account: Account): readonly Session[] {
  return [...account.sessions.values()].filter((session) => session.get(presenceSlot) !== undefined);
}

/**
 * Whether the session sent directed presence to this entity. Any address of it will do: what is sent to an occupant of
 * a room is shared with the room, which speaks to us under the addresses of all its occupants.
 */
export function sentDirectedTo(session: Session, jid: Jid): boolean {
  const directed = session.get(directedSlot);
  if (directed.size === 0) return false;
  if (directed.has(jid)) return true;
  const bare = bareOf(jid);
  for (const to of directed) if (bareOf(to) === bare) return true;
  return false;
}

/** Whether presence is shared with somebody by a subscription; everybody shares with themselves and with the server. */
export function sharesPresence(account: Account, jid: Jid): boolean {
  const bare = bareOf(jid);
  if (bare === account.jid || bare === account.host.domain) return true;
  return maySeePresence(account.map(rosterItems).get(bare));
}
