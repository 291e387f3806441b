import { assert } from "#protocol/assert.ts";
import { xml } from "#protocol/xml/element.ts";
import type { Infer } from "#protocol/xml/element-schema.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Account } from "#kit/account.ts";
import { on } from "#kit/events.ts";
import type { Host } from "#kit/host.ts";
import { reads, writes, type AccountRequest, type IqAnswer } from "#kit/iq.ts";
import { serverModule } from "#kit/server-module.ts";
import { checkNames } from "./bounds.ts";
import { changesSince } from "./changes.ts";
import { Query, RosterGet, RosterSet } from "./elements.ts";
import { rosterItemChanged, rosterItemRemoved } from "./events.ts";
import { push, pushToInterested, shownItem } from "./push.ts";
import {
  checkRoomForItem,
  checkRoomForNames,
  interestedSlot,
  itemsMax,
  rosterItems,
  unknownContact,
  writeRosterItem,
  type RosterItem,
} from "./slots.ts";
import { removedItems, rosterState, rosterVersion } from "./version.ts";

/** The roster: RFC 6121 §2. */
export const roster = serverModule({
  name: "roster",
  indispensable: true,
  implements: [
    { rfc: 6121, title: "Instant Messaging and Presence: the roster", version: "2", status: "complete" },
    { xep: 237, title: "Roster Versioning", version: "1.3", status: "complete" },
  ],
  options: [itemsMax],
  slots: [rosterItems, rosterState, removedItems],
  start: (host) => ({
    iq: [
      reads(RosterGet, get, "owner", "forbidden"),
      // [rfc6121-2.1.5-03] [rfc6121-2.3.3-02]
      writes(RosterSet, (request) => set(host, request), "owner", "forbidden"),
    ],
    events: [on(rosterItemChanged, ({ account, jid }) => pushToInterested(account, jid))],
    streamFeatures: (phase) =>
      phase === "binding"
        ? // [rfc6121-2.6.1-01] [rfc6121-3.4-02]
          [xml("urn:xmpp:features:rosterver", "ver"), xml("urn:xmpp:features:pre-approval", "sub")]
        : [],
  }),
});

function get({ account, session, payload: { ver } }: AccountRequest<Infer<typeof RosterGet>>): IqAnswer {
  assert(session !== undefined, "only the owner's sessions are answered");
  const listed = [...account.map(rosterItems).entries()].flatMap(([, item]) => (item.listed ? [item] : []));
  const changes = ver === undefined ? undefined : changesSince(account, ver);
  // [rfc6121-2.6.3-01] [rfc6121-2.6.3-02]
  if (ver === undefined || changes === undefined || changes.length > listed.length / 2) {
    // [rfc6121-2.2-02]
    session.set(interestedSlot, true);
    // [rfc6121-2-01] [rfc6121-2.1.4-01] [rfc6121-2.1.1-02] [rfc6121-2.6.3-01] [rfc6121-2.6.3-08]
    return Query.build({ ver: rosterVersion(account), items: listed.map(shownItem) });
  }
  // Behind the result come the changes, and then those that happen meanwhile.
  const tellChanges = (): void => {
    session.set(interestedSlot, true);
    // [rfc6121-2.6.3-03]
    for (const change of changesSince(account, ver) ?? []) push(session, change);
    // Pushes of what turns out not to be stored do not leave; what is stored has to be told all the same.
    account.whenConfirmed(nothing, () => account.post(tellChanges));
  };
  account.post(tellChanges);
  // [rfc6121-2.6.3-01]
  return undefined;
}

function set(host: Host, { account, payload }: AccountRequest<Infer<typeof RosterSet>>): undefined {
  const [item, ...more] = payload.items;
  // [rfc6121-2.1.5-01] [rfc6121-2.3.3-03]
  if (item === undefined || more.length > 0) throw new StanzaError("bad-request", { text: "one item at a time" });
  const known = account.map(rosterItems).get(item.jid);
  // [rfc6121-2.1.2.5-03] [rfc6121-2.1.5-02]
  if (item.subscription === "remove") {
    remove(host, account, known);
    return undefined;
  }
  // A user is no contact of their own: what they would see of themselves, their sessions see anyway. RFC 6121 §2.3.3
  if (item.jid === account.jid) throw new StanzaError("not-allowed", { text: "this is your own address" });
  // [rfc6121-2.3.3-01] [rfc6121-2.3.3-03] [rfc6121-2.3.3-04]
  checkNames(item);
  if (known?.listed !== true) checkRoomForItem(host, account);
  checkRoomForNames(host, account, item);
  const { name: _, ...rest } = known ?? unknownContact(item.jid);
  // An empty name is none. [rfc6121-2.4.1-01] [rfc6121-2.1.2.4-01]
  const named = item.name === undefined || item.name === "" ? {} : { name: item.name };
  // Letter by letter, and as a whole. [rfc6121-2-01] [rfc6121-2.3.2-01] [rfc6121-2.4.1-01] [rfc6121-2.4.2-01]
  // [rfc6121-2.1.2.4-03] [rfc6121-2.1.2.5-04] [rfc6121-2.1.2.6-01] [rfc6121-2.1.2.6-02] [rfc6121-2.1.2.6-04]
  writeRosterItem(account, { ...rest, ...named, listed: true, groups: item.groups });
  // [rfc6121-2.3.2-03] [rfc6121-2.4.2-01]
  pushToInterested(account, item.jid);
  return undefined;
}

function remove(host: Host, account: Account, known: RosterItem | undefined): void {
  // [rfc6121-2.5.3-01]
  if (known?.listed !== true) throw new StanzaError("item-not-found");
  // What the contact still waits for is remembered until it is answered. [rfc6121-2.5.2-01]
  writeRosterItem(account, { ...unknownContact(known.jid), pendingIn: known.pendingIn });
  // [rfc6121-2.5.2-01]
  pushToInterested(account, known.jid);
  host.emit(rosterItemRemoved, { account, item: known });
}

function nothing(): void {}
