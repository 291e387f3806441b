import { bareOf, resourceOf, type Jid } from "#protocol/jid/jid.ts";
import { isAnswer, StanzaError } from "#protocol/stanza/stanza-error.ts";
import { xml } from "#protocol/xml/element.ts";
import type { Account } from "#kit/account.ts";
import type { Host } from "#kit/host.ts";
import type { ModuleParts, Verdict } from "#kit/server-module.ts";
import type { Session } from "#kit/session.ts";
import type { Stanza } from "#kit/stanza.ts";
import { availableSessions, presenceSlot } from "../presence/slots.ts";
import { rosterItemOf } from "../roster/slots.ts";
import { isBlocking } from "./block-list.ts";
import type { PrivacyItem, PrivacyList, PrivacyMatter } from "./privacy-list.ts";
import { activeListName, defaultList, listOf, privacyLists } from "./slots.ts";

type Guard = NonNullable<ModuleParts["guard"]>;

const blockingErrors = "urn:xmpp:blocking:errors";

/**
 * What carries out the lists, for the first of the features on a host that work on them: one is enough. Lists go before
 * every other rule of delivery. [xep0016-2.2-03]
 */
export function privacyGuard(host: Host): Guard {
  const others = host.modules.some(({ module }) => module.slots?.includes(privacyLists) === true);
  return others ? {} : { outbound, inbound, session: toSession };
}

function inbound(account: Account, stanza: Stanza): Verdict | undefined {
  const lists = listsFor(account, stanza);
  if (lists.includes(undefined) || isOwn(account, stanza.from)) return undefined;
  // It may pass when any of those may have it; the others do not get to see it.
  // [rfc3921-10.2-02]
  if (lists.some((list) => ruleOf(account, list, stanza.from, arriving(stanza))?.action !== "deny")) return undefined;
  // [rfc3921-10.2-03] [rfc3921-10.14-03] [rfc3921-11.1-01] [rfc3921-14-01]
  return turnedAway(stanza);
}

/** What else comes to a session: by its own list, which may differ from that of the account's other sessions. */
function toSession(session: Session, stanza: Stanza): Verdict | undefined {
  const { account } = session;
  const list = listOf(account, session);
  if (list === undefined || stanza.kind === "iq" || stanza.type === "error") return undefined;
  if (isOwn(account, stanza.from) || isFarewell(stanza)) return undefined;
  return ruleOf(account, list, stanza.from, arriving(stanza))?.action === "deny" ? { drop: true } : undefined;
}

function outbound(account: Account, stanza: Stanza, session: Session): Verdict | undefined {
  const list = listOf(account, session);
  if (list === undefined || stanza.to === undefined || isOwn(account, stanza.to)) return undefined;
  const rule = ruleOf(account, list, stanza.to, leaving(stanza));
  if (rule?.action !== "deny") return undefined;
  const blocked = list === defaultList(account) && isBlocking(rule);
  // [xep0016-2.14-05] [xep0191-3.3-11] (S26)
  const specific = blocked ? xml(blockingErrors, "blocked") : undefined;
  return { refuse: new StanzaError("not-acceptable", { type: "cancel", specific }) };
}

/** As if nobody were there (XEP-0016 §2.14, XEP-0191 §3.3). */
function turnedAway({ kind, type, element }: Stanza): Verdict {
  // [xep0016-2.14-01] [xep0191-3.3-07]
  if (kind === "presence") return { drop: true };
  // [xep0016-2.14-04] [xep0191-3.3-10]
  if (isAnswer({ kind, type })) return { drop: true };
  // An error from an occupant's account makes rooms throw the occupant out (S21).
  const ofRoom = type === "groupchat" || element.child("http://jabber.org/protocol/muc#user", "x") !== undefined;
  if (kind === "message" && ofRoom) return { drop: true };
  // [xep0016-2.14-02] [xep0016-2.14-03] [xep0191-3.3-08] [xep0191-3.3-09] [rfc3921-10.14-02]
  return { refuse: new StanzaError("service-unavailable") };
}

/** The lists of those who might get this; undefined stands for one to whom none applies. */
function listsFor(account: Account, stanza: Stanza): readonly (PrivacyList | undefined)[] {
  const resource = stanza.to === undefined ? undefined : resourceOf(stanza.to);
  const addressed = resource === undefined ? undefined : account.sessions.get(resource);
  if (addressed !== undefined) return [listOf(account, addressed)];
  const differing = [...account.sessions.values()].some((session) => session.get(activeListName) !== undefined);
  // The account itself answers, or nobody is there. [xep0016-2.2-02]
  if (stanza.kind === "iq" || !differing) return [defaultList(account)];
  const sessions = stanza.kind === "presence" ? availableSessions(account) : mostAvailable(account);
  return sessions.length === 0 ? [defaultList(account)] : sessions.map((session) => listOf(account, session));
}

/** Those whom a message to the account goes to (RFC 6121 §8.5.2.1.1). */
function mostAvailable(account: Account): readonly Session[] {
  const priorityOf = (session: Session): number => session.get(presenceSlot)?.priority ?? -1;
  const highest = Math.max(0, ...[...account.sessions.values()].map(priorityOf));
  return [...account.sessions.values()].filter((session) => priorityOf(session) === highest);
}

/** The rule that decides about another party, by what the roster says of it now. [xep0016-2.2-07] */
export function ruleOf(
  account: Account,
  list: PrivacyList | undefined,
  jid: Jid,
  matter: PrivacyMatter,
): PrivacyItem | undefined {
  // [rfc3921-10.2-07]
  return list?.ruleFor(jid, matter, rosterItemOf(account, bareOf(jid)));
}

/** Nobody is kept from their own resources, nor from their own server. [xep0016-2.1-08] [xep0191-5-03] */
function isOwn(account: Account, jid: Jid): boolean {
  const bare = bareOf(jid);
  return bare === account.jid || bare === account.host.domain;
}

function arriving(stanza: Stanza): PrivacyMatter {
  if (stanza.kind !== "presence") return stanza.kind;
  // What it asks for would leave. [rfc3921-5.1.3-05]
  if (stanza.type === "probe") return "presence-out";
  return isNotification(stanza) ? "presence-in" : "other";
}

function leaving(stanza: Stanza): PrivacyMatter {
  // What it asks for would arrive. [rfc3921-5.1.1-04]
  if (stanza.kind === "presence" && stanza.type === "probe") return "presence-in";
  return isNotification(stanza) ? "presence-out" : "other"; // [rfc3921-5.1.1-05]
}

/** Presence as rules about presence mean it: no subscriptions (XEP-0016 §2.10). */
function isNotification({ kind, type }: Stanza): boolean {
  return kind === "presence" && (type === undefined || type === "unavailable");
}

/** What {@link changePrivacy} says in the name of a contact whose presence is not shown any more. */
function isFarewell({ kind, type, element }: Stanza): boolean {
  return kind === "presence" && type === "unavailable" && element.children.length === 0;
}
