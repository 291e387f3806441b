import type { Jid } from "#protocol/jid/jid.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { xml } from "#protocol/xml/element.ts";
import type { Infer } from "#protocol/xml/element-schema.ts";
import type { Account } from "#kit/account.ts";
import { randomToken } from "#kit/env.ts";
import type { Session } from "#kit/session.ts";
import { stanzaOf } from "#kit/stanza.ts";
import { Query, type Item } from "./elements.ts";
import { interestedSessions, rosterItems, type RosterItem } from "./slots.ts";
import type { RosterChange } from "./changes.ts";
import { rosterVersion } from "./version.ts";

/** Tells every interested session what became of one contact. */
export function pushToInterested(account: Account, jid: Jid): void {
  const found = account.map(rosterItems).get(jid);
  // [rfc6121-2.6.3-06]
  const change = { jid, item: found?.listed === true ? found : undefined, ver: rosterVersion(account) };
  // [rfc6121-2.2-02] [rfc6121-2.3.2-03]
  // [rfc3921-8.2-03]
  for (const session of interestedSessions(account)) push(session, change);
}

/** Tells one session of one change: exactly one item a push. */
export function push(session: Session, { jid, item, ver }: RosterChange): void {
  const shown = item === undefined ? { jid, groups: [], subscription: "remove" as const } : shownItem(item);
  const head = { type: "set", id: randomToken(session.account.host.env, 10), to: session.jid };
  // [rfc6121-2.1.6-01] [rfc6121-2.6.3-06] [rfc6121-2.6.3-08]
  const iq = xml(NS_CLIENT, "iq", head, Query.build({ ver, items: [shown] }));
  session.send(stanzaOf("iq", iq, session.account.jid, session.jid));
}

/** An item as clients see it. The subscription is always told, also when there is none (S2). */
export function shownItem({ jid, name, subscription, ask, approved, groups }: RosterItem): Infer<typeof Item> {
  return {
    jid,
    subscription,
    groups,
    ...(name === undefined ? {} : { name }),
    // [rfc6121-2.1.2.2-01]
    ...(ask ? { ask: "subscribe" as const } : {}),
    // [rfc6121-2.1.2.1-01]
    ...(approved ? { approved } : {}),
  };
}
