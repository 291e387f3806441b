import { bareOf, isFull, type BareJid, type Jid } from "#protocol/jid/jid.ts";
import { withAttributes } from "#protocol/xml/element.ts";
import type { Account } from "#kit/account.ts";
import { randomToken } from "#kit/env.ts";
import type { Session } from "#kit/session.ts";
import { makeStanza, stanzaOf } from "#kit/stanza.ts";
import { availableSessions, costOfOne, directedSlot, presenceSlot } from "../presence/slots.ts";
import { maySeePresence, rosterItemOf, rosterItems, seesPresence } from "../roster/slots.ts";
import { blockedJids } from "./block-list.ts";
import { ruleOf } from "./guards.ts";
import type { PrivacyList, PrivacyMatter } from "./privacy-list.ts";
import { listOf } from "./slots.ts";

/** Who is blocked since a change, and who no longer is. */
export interface BlockedChange {
  readonly blocked: readonly Jid[];
  readonly unblocked: readonly Jid[];
}

/**
 * Carries out a change of lists, and shows everybody concerned the presence that they may see now, or that there is
 * none any more.
 */
export function changePrivacy(account: Account, change: () => void): BlockedChange {
  const blockedBefore = blockedJids(account);
  const sessions = availableSessions(account).map((session) => ({ session, before: listOf(account, session) }));
  change();
  const back = new Set<BareJid>();
  const unanswered = new Set<BareJid>();
  for (const { session, before } of sessions) {
    const after = listOf(account, session);
    if (after === before) continue;
    showOwnPresence(account, session, before, after);
    for (const contact of showContacts(account, session, before, after)) back.add(contact);
    for (const contact of heardAgain(account, before, after)) unanswered.add(contact);
  }
  // What they said meanwhile was lost: they are asked, in the account's name.
  for (const to of back) account.send(makeStanza("presence", { from: account.jid, to, type: "probe" }));
  for (const to of unanswered) {
    // An answer to it may have been lost as well. [rfc6121-3.1.2-10] [rfc6121-3.1.2-11]
    const head = { from: account.jid, to, type: "subscribe", id: randomToken(account.host.env, 10) };
    account.send(makeStanza("presence", head));
  }
  const blockedAfter = blockedJids(account);
  return {
    blocked: minus(blockedAfter, blockedBefore),
    unblocked: minus(blockedBefore, blockedAfter),
  };
}

type List = PrivacyList | undefined;
type Turn = "shut" | "opened" | undefined;

function turnOf(account: Account, before: List, after: List, jid: Jid, matter: PrivacyMatter): Turn {
  const was = ruleOf(account, before, jid, matter)?.action === "deny";
  const is = ruleOf(account, after, jid, matter)?.action === "deny";
  if (was === is) return undefined;
  return is ? "shut" : "opened";
}

/** [xep0016-2.11-01] [xep0191-3.3-05] [xep0191-3.4-03] */
function showOwnPresence(account: Account, session: Session, before: List, after: List): void {
  const directed = session.get(directedSlot);
  const shut: Jid[] = [];
  let sent = 0;
  for (const to of audience(account, directed, before, after)) {
    const turn = turnOf(account, before, after, to, "presence-out");
    if (turn !== undefined) sent += 1;
    if (turn === "shut") {
      shut.push(to);
      account.send(makeStanza("presence", { from: session.jid, to, type: "unavailable" }));
    } else if (turn === "opened" && !directed.has(to)) {
      const presence = session.get(presenceSlot)?.element;
      if (presence !== undefined) account.send(stanzaOf("presence", withAttributes(presence, { to }), session.jid, to));
    }
  }
  session.charge(sent * costOfOne);
  // They were told that it is over.
  const left = [...directed].filter((to) => ruleOf(account, after, to, "presence-out")?.action !== "deny");
  if (left.length < directed.size) session.set(directedSlot, new Set(left));
  if (shut.length > 0) account.whenDurable(nothing, () => goOnShowing(account, session, { shut, directed }));
}

/** A change could not be written, and none of those that it shut out was told: they are to hear when the session leaves. */
function goOnShowing(
  account: Account,
  session: Session,
  { shut, directed }: { readonly shut: readonly Jid[]; readonly directed: ReadonlySet<Jid> },
): void {
  if (account.sessions.get(session.resource) === session && session.get(presenceSlot) !== undefined) {
    // [rfc6121-4.6.3-02]
    const again = shut.filter((to) => directed.has(to));
    if (again.length > 0) session.set(directedSlot, new Set([...session.get(directedSlot), ...again]));
    return;
  }
  // It has left meanwhile, and the change kept that from them.
  for (const to of shut) account.send(makeStanza("presence", { from: session.jid, to, type: "unavailable" }));
}

/** Everyone who sees presence by subscription or by direct word, and single resources of them that rules name. */
function audience(account: Account, directed: ReadonlySet<Jid>, before: List, after: List): ReadonlySet<Jid> {
  const found = new Set<Jid>(directed);
  for (const [, item] of account.map(rosterItems).entries()) if (maySeePresence(item)) found.add(bareOf(item.jid));
  for (const { match } of [...(before?.items ?? []), ...(after?.items ?? [])]) {
    if (match.by !== "jid" || !isFull(match.value)) continue;
    const bare = bareOf(match.value);
    // Where the whole account is told, its resources are.
    const told = turnOf(account, before, after, bare, "presence-out") !== undefined;
    if (!told && maySeePresence(rosterItemOf(account, bare))) found.add(match.value);
  }
  return found;
}

/** Contacts that are shut out seem to leave [xep0016-2.10-01]; those that are let in again are the result. */
function showContacts(account: Account, session: Session, before: List, after: List): readonly BareJid[] {
  const back: BareJid[] = [];
  for (const [, item] of account.map(rosterItems).entries()) {
    if (!seesPresence(item)) continue;
    const contact = bareOf(item.jid);
    const turn = turnOf(account, before, after, contact, "presence-in");
    if (turn === "shut") session.send(makeStanza("presence", { from: contact, to: session.jid, type: "unavailable" }));
    else if (turn === "opened") back.push(contact);
  }
  return back;
}

/** Contacts that were asked for their presence, have not answered, and may be heard again. */
function heardAgain(account: Account, before: List, after: List): readonly BareJid[] {
  return [...account.map(rosterItems).entries()]
    .filter(([, { ask }]) => ask)
    .map(([, { jid }]) => bareOf(jid))
    .filter((contact) => turnOf(account, before, after, contact, "other") === "opened");
}

function minus(jids: readonly Jid[], others: readonly Jid[]): readonly Jid[] {
  const known = new Set(others);
  return jids.filter((jid) => !known.has(jid));
}

function nothing(): void {}
