import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { xml } from "#protocol/xml/element.ts";
import type { Infer } from "#protocol/xml/element-schema.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Account } from "#kit/account.ts";
import { randomToken } from "#kit/env.ts";
import { on } from "#kit/events.ts";
import type { Host } from "#kit/host.ts";
import { reads, writes, type AccountRequest } from "#kit/iq.ts";
import { integerOption } from "#kit/option.ts";
import { serverModule } from "#kit/server-module.ts";
import { stanzaOf } from "#kit/stanza.ts";
import { Item, Query } from "./elements.ts";
import { rosterItemChanged, rosterItemRemoved } from "./events.ts";
import {
  interestedSlot,
  rosterItems,
  rosterVersion,
  unknownContact,
  writeRosterItem,
  type RosterItem,
} from "./slots.ts";

export const itemsMax = integerOption({
  key: "items_max",
  default: 2_000,
  min: 1,
  max: 100_000,
  unit: "items",
  description: "How many contacts a roster holds.",
});

/** Longest name of a contact or a group, in UTF-16 code units. */
const nameLengthMax = 1_023;
/** Groups that one contact is in. */
const groupsMax = 64;

/** The roster: RFC 6121 §2. */
export const roster = serverModule({
  name: "roster",
  indispensable: true,
  implements: [
    { rfc: 6121, title: "Instant Messaging and Presence: the roster", version: "2", status: "complete" },
    { xep: 237, title: "Roster Versioning", version: "1.3", status: "complete" },
  ],
  options: [itemsMax],
  slots: [rosterItems, rosterVersion],
  start: (host) => ({
    iq: [reads(Query, get, "anyone"), writes(Query, (request) => set(host, request), "anyone")],
    events: [on(rosterItemChanged, ({ account, item, removed }) => push(host, account, item, removed))],
    streamFeatures: (phase) =>
      phase === "binding"
        ? [xml("urn:xmpp:features:rosterver", "ver"), xml("urn:xmpp:features:pre-approval", "sub")]
        : [],
  }),
});

function get({
  account,
  session,
  payload,
}: AccountRequest<Infer<typeof Query>>): ReturnType<typeof Query.build> | undefined {
  if (session === undefined) throw new StanzaError("forbidden");
  session.set(interestedSlot, true);
  const ver = versionOf(account);
  // A client that has this very version is told so by an empty result. RFC 6121 §2.6.3
  if (payload.ver === ver) return undefined;
  const items = [...account.map(rosterItems).entries()].flatMap(([, item]) => (item.listed ? [shown(item)] : []));
  return Query.build({ items, ...(payload.ver === undefined ? {} : { ver }) });
}

function set(host: Host, { account, session, payload }: AccountRequest<Infer<typeof Query>>): undefined {
  if (session === undefined) throw new StanzaError("forbidden");
  const [item, ...more] = payload.items;
  if (item === undefined || more.length > 0) throw new StanzaError("bad-request", { text: "one item at a time" });
  const known = account.map(rosterItems).get(item.jid);
  if (item.subscription === "remove") remove(host, account, known);
  else {
    // A user is no contact of their own. RFC 6121 §2.3.3 leaves the condition to us.
    if (item.jid === account.jid) throw new StanzaError("not-allowed", { text: "this is your own address" });
    if (known?.listed !== true && account.map(rosterItems).size >= host.setting(itemsMax))
      throw new StanzaError("resource-constraint", { text: "the roster is full", type: "cancel" });
    checkNames(item);
    const { name, ...rest } = known ?? { ...unknownContact(account.jid), jid: item.jid };
    const changed: RosterItem = {
      ...rest,
      listed: true,
      groups: item.groups,
      ...(item.name === undefined || item.name === "" ? {} : { name: item.name }),
    };
    writeRosterItem(account, changed);
    push(host, account, changed, false);
  }
  return undefined;
}

function remove(host: Host, account: Account, known: RosterItem | undefined): void {
  if (known?.listed !== true) throw new StanzaError("item-not-found");
  // What the contact still waits for is remembered until it is answered.
  writeRosterItem(account, { ...unknownContact(account.jid), jid: known.jid, pendingIn: known.pendingIn });
  host.emit(rosterItemRemoved, { account, item: known });
  push(host, account, known, true);
}

/** RFC 6121 §2.3.3 */
function checkNames({ name = "", groups }: Infer<typeof Item>): void {
  if (new Set(groups).size < groups.length) throw new StanzaError("bad-request", { text: "a group is named twice" });
  if (groups.includes("")) throw new StanzaError("not-acceptable", { text: "a group has no name" });
  if (groups.length > groupsMax || [name, ...groups].some((each) => each.length > nameLengthMax))
    throw new StanzaError("not-acceptable", { text: "a name is too long, or there are too many groups" });
}

/** Tells every interested session of a change (RFC 6121 §2.1.6). */
function push(host: Host, account: Account, item: RosterItem, removed: boolean): void {
  const ver = versionOf(account);
  const items = [removed ? { jid: item.jid, groups: [], subscription: "remove" as const } : shown(item)];
  const id = randomToken(host.env, 10);
  for (const session of account.sessions.values()) {
    if (!session.get(interestedSlot)) continue;
    const iq = xml(NS_CLIENT, "iq", { type: "set", id, to: session.jid }, Query.build({ ver, items }));
    session.send(stanzaOf("iq", iq, account.jid, session.jid));
  }
}

function shown({ jid, name, subscription, ask, approved, groups }: RosterItem): Infer<typeof Item> {
  return {
    jid,
    subscription,
    groups,
    ...(name === undefined ? {} : { name }),
    ...(ask ? { ask: "subscribe" as const } : {}),
    ...(approved ? { approved } : {}),
  };
}

function versionOf(account: Account): string {
  return String(account.value(rosterVersion).get() ?? 0);
}
