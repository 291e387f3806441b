import { detachString } from "#protocol/detach-string.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Infer } from "#protocol/xml/element-schema.ts";
import { xml, type XmlElement } from "#protocol/xml/element.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import type { Account } from "#kit/account.ts";
import { randomToken } from "#kit/env.ts";
import { on } from "#kit/events.ts";
import type { Host } from "#kit/host.ts";
import { reads, writes, type AccountRequest } from "#kit/iq.ts";
import { integerOption } from "#kit/option.ts";
import { serverModule } from "#kit/server-module.ts";
import type { Session } from "#kit/session.ts";
import { json, sessionSlot } from "#kit/slots.ts";
import { stanzaOf } from "#kit/stanza.ts";
import { changePrivacy } from "#im/privacy/changes.ts";
import { blockedChangedByLists, listChangedByBlocking } from "#im/privacy/events.ts";
import { privacyGuard } from "#im/privacy/guards.ts";
import { areTooLong, copyOfList, PrivacyList } from "#im/privacy/privacy-list.ts";
import { activeListName, defaultListName, privacyLists, privacySlots } from "#im/privacy/slots.ts";
import { Active, Default, List, NS_PRIVACY, Query } from "./elements.ts";
import { itemOfRule, ruleOfItem } from "./rules.ts";

export const listsMax = integerOption({
  key: "lists_max",
  default: 20,
  min: 1,
  max: 1_000,
  unit: "lists",
  description: "How many privacy lists a user may have.",
});

export const itemsMax = integerOption({
  key: "items_max",
  default: 1_000,
  min: 1,
  max: 100_000,
  unit: "rules",
  description: "How many rules a privacy list may have.",
});

/** Longest name of a list, in UTF-16 code units: it is a key in the store. */
const nameLengthMax = 128;

/** Whether the session has shown that it understands privacy lists. */
const understandsSlot = sessionSlot("understands-privacy-lists", () => false, json());

/** Lists of rules about whom to hear from and who hears of the user. */
export const privacyListsModule = serverModule({
  name: "privacy-lists",
  implements: [{ xep: 16, title: "Privacy Lists", version: "1.7", status: "complete" }],
  features: [NS_PRIVACY],
  options: [listsMax, itemsMax],
  slots: [...privacySlots],
  start: (host) => ({
    // [rfc3921-10.1-01]
    iq: [reads(Query, get), writes(Query, (request) => set(host, request))],
    guard: privacyGuard(host),
    events: [
      // Clients that block by command may never have heard of lists, and did not change one to their knowledge.
      on(listChangedByBlocking, ({ account, name }) => push(host, account, name, understandsIt)),
    ],
  }),
});

type Request = AccountRequest<Infer<typeof Query>>;

function get({ account, session, payload }: Request): XmlElement {
  session?.set(understandsSlot, true);
  const [asked, ...more] = payload.children;
  const lists = account.map(privacyLists);
  if (asked === undefined) return names(account, session);
  // [xep0016-2.3-02] [rfc3921-10.3-02]
  if (more.length > 0) throw new StanzaError("bad-request", { text: "one list at a time" });
  const { name } = List.parse(asked);
  const list = lists.get(name);
  // [xep0016-2.3-01] [rfc3921-10.3-01]
  if (list === undefined) throw new StanzaError("item-not-found");
  return Query.build({ children: [List.build({ name, items: list.items.map(itemOfRule) })] });
}

function names(account: Account, session: Session | undefined): XmlElement {
  const active = session?.get(activeListName);
  const byDefault = account.value(defaultListName).get();
  const all = [...account.map(privacyLists).entries()].map(([name]) => List.build({ name, items: [] }));
  return Query.build({
    children: [
      ...(active === undefined ? [] : [Active.build({ name: active })]),
      ...(byDefault === undefined ? [] : [Default.build({ name: byDefault })]),
      ...all,
    ],
  });
}

function set(host: Host, { account, session, payload }: Request): undefined {
  if (session === undefined) throw new StanzaError("forbidden");
  session.set(understandsSlot, true);
  const [asked, ...more] = payload.children;
  // [xep0016-2.1-11] [xep0016-2.8-04] [rfc3921-10.1-10] [rfc3921-10.8-04]
  if (asked === undefined || more.length > 0) throw new StanzaError("bad-request", { text: "one change at a time" });
  const change = Active.is(asked)
    ? activate(account, session, Active.parse(asked).name)
    : Default.is(asked)
      ? makeDefault(account, session, Default.parse(asked).name)
      : edit(host, account, session, List.parse(asked));
  // Carried out before the result is sent. [rfc3921-10.4-02] [rfc3921-10.2-06]
  const blocked = changePrivacy(account, change);
  if (blocked.blocked.length + blocked.unblocked.length > 0) host.emit(blockedChangedByLists, { account, ...blocked });
  return undefined;
}

/** XEP-0016 §2.4 */
function activate(account: Account, session: Session, name: string | undefined): () => void {
  if (name !== undefined) mustExist(account, name); // [rfc3921-10.4-03]
  return () => session.set(activeListName, name === undefined ? undefined : detachString(name));
}

/** XEP-0016 §2.5 */
function makeDefault(account: Account, session: Session, name: string | undefined): () => void {
  if (name !== undefined) mustExist(account, name); // [rfc3921-10.5-03]
  const byDefault = account.value(defaultListName);
  const old = byDefault.get();
  // [xep0016-2.5-02] [xep0016-2.5-05] [xep0016-2.2-10] [rfc3921-10.2-10] [rfc3921-10.5-02] [rfc3921-10.5-05]
  if (old !== undefined && old !== name && appliesToOthers(account, session, old))
    throw new StanzaError("conflict", { text: "another of your clients uses the default list" });
  return () => (name === undefined ? byDefault.delete() : byDefault.set(detachString(name)));
}

/** XEP-0016 §2.6–2.8 */
function edit(host: Host, account: Account, session: Session, { name, items }: Infer<typeof List>): () => void {
  if (items.length === 0) return remove(host, account, session, name);
  const lists = account.map(privacyLists);
  if (name === "" || name.length > nameLengthMax)
    throw new StanzaError("bad-request", { text: `the name of a list has 1 to ${nameLengthMax} characters` });
  // [xep0016-2.1-09] [rfc3921-10.1-08]
  if (new Set(items.map(({ order }) => order)).size < items.length)
    throw new StanzaError("bad-request", { text: "two rules have the same place" });
  if (items.length > host.setting(itemsMax)) throw tooMany("the list has too many rules");
  if (!lists.has(name) && lists.size >= host.setting(listsMax)) throw tooMany("you have too many lists");
  const rules = items.map((item) => ruleOfItem(item, account));
  if (
    areTooLong(
      rules.map(({ match }) => match),
      host.setting(itemsMax),
    )
  )
    throw tooMany("the addresses and names in the list are too long together");
  const list = copyOfList(new PrivacyList(rules));
  return () => {
    lists.set(detachString(name), list); // [rfc3921-10.2-06]
    // [rfc3921-10.2-08] [rfc3921-10.6-04] [rfc3921-10.7-01]
    push(host, account, name);
  };
}

function remove(host: Host, account: Account, session: Session, name: string): () => void {
  // [xep0016-2.8-03] [rfc3921-10.8-03]
  mustExist(account, name);
  // [xep0016-2.8-02] [xep0016-2.2-10] [rfc3921-10.2-10] [rfc3921-10.8-02]
  if (appliesToOthers(account, session, name))
    throw new StanzaError("conflict", { text: "another of your clients uses this list" });
  return () => {
    account.map(privacyLists).delete(name);
    if (account.value(defaultListName).get() === name) account.value(defaultListName).delete();
    if (session.get(activeListName) === name) session.set(activeListName, undefined);
    push(host, account, name);
  };
}

function mustExist(account: Account, name: string): void {
  if (!account.map(privacyLists).has(name)) throw new StanzaError("item-not-found", { text: "there is no such list" });
}

function appliesToOthers(account: Account, session: Session, name: string): boolean {
  const byDefault = account.value(defaultListName).get();
  for (const other of account.sessions.values())
    if (other !== session && (other.get(activeListName) ?? byDefault) === name) return true;
  return false;
}

/** Says to the account's sessions that a list is not what it was. [xep0016-2.2-08] [xep0016-2.6-04] [xep0016-2.7-01] */
function push(host: Host, account: Account, name: string, to: (session: Session) => boolean = everyone): void {
  const payload = Query.build({ children: [List.build({ name, items: [] })] });
  for (const session of account.sessions.values()) {
    if (!to(session)) continue;
    const iq = xml(NS_CLIENT, "iq", { type: "set", id: randomToken(host.env, 10), to: session.jid }, payload);
    session.send(stanzaOf("iq", iq, account.jid, session.jid));
  }
}

function everyone(): boolean {
  return true;
}

function understandsIt(session: Session): boolean {
  return session.get(understandsSlot);
}

function tooMany(text: string): StanzaError {
  return new StanzaError("resource-constraint", { type: "cancel", text });
}
