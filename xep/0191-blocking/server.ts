import type { Jid } from "#protocol/jid/jid.ts";
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
import { json, sessionSlot } from "#kit/slots.ts";
import { stanzaOf } from "#kit/stanza.ts";
import { block, blockedJids, unblock } from "#im/privacy/block-list.ts";
import { changePrivacy } from "#im/privacy/changes.ts";
import { blockedChangedByLists, listChangedByBlocking } from "#im/privacy/events.ts";
import { privacyGuard } from "#im/privacy/guards.ts";
import { areTooLong } from "#im/privacy/privacy-list.ts";
import { defaultList, privacySlots } from "#im/privacy/slots.ts";
import { Block, Blocklist, NS_BLOCKING, Unblock } from "./elements.ts";

export const blockedMax = integerOption({
  key: "blocked_max",
  default: 1_000,
  min: 1,
  max: 100_000,
  unit: "addresses",
  description: "How many addresses a user may block; other rules of the user's default privacy list count too.",
});

/** Whether the session asked for the block list and hears of its changes (S26). */
const interestedSlot = sessionSlot("blocking-interested", () => false, json());

/** Blocking, as the simple face of the default privacy list (XEP-0191 §5). */
export const blocking = serverModule({
  name: "blocking",
  implements: [{ xep: 191, title: "Blocking Command", version: "1.3", status: "complete" }],
  features: [NS_BLOCKING],
  options: [blockedMax],
  slots: [...privacySlots],
  start: (host) => ({
    iq: [
      reads(Blocklist, get),
      writes(Block, (request) => blockAll(host, request)),
      writes(Unblock, (request) => unblockAll(host, request)),
    ],
    guard: privacyGuard(host),
    events: [
      on(blockedChangedByLists, ({ account, blocked, unblocked }) => {
        if (blocked.length > 0) push(host, account, Block.build({ items: itemsOf(blocked) }));
        if (unblocked.length > 0) push(host, account, Unblock.build({ items: itemsOf(unblocked) }));
      }),
    ],
  }),
});

function get({ account, session }: AccountRequest<Infer<typeof Blocklist>>): XmlElement {
  session?.set(interestedSlot, true);
  return Blocklist.build({ items: itemsOf(blockedJids(account)) });
}

function blockAll(host: Host, { account, payload }: AccountRequest<Infer<typeof Block>>): undefined {
  const jids = [...new Set(payload.items.map(({ jid }) => jid))];
  // [xep0191-3.3-03]
  if (jids.length === 0) throw new StanzaError("bad-request", { text: "nobody is named" });
  const known = new Set(blockedJids(account));
  const added = jids.filter((jid) => !known.has(jid));
  if (added.length > 0) {
    const rules = defaultList(account)?.items.map(({ match }) => match) ?? [];
    const matches = [...rules, ...added.map((value) => ({ by: "jid", value }) as const)];
    if (matches.length > host.setting(blockedMax) || areTooLong(matches, host.setting(blockedMax)))
      throw new StanzaError("resource-constraint", { type: "cancel", text: "too many addresses are blocked already" });
    changeList(host, account, () => block(account, added));
  }
  push(host, account, Block.build({ items: itemsOf(jids) }));
  return undefined;
}

function unblockAll(host: Host, { account, payload }: AccountRequest<Infer<typeof Unblock>>): undefined {
  const named = new Set(payload.items.map(({ jid }) => jid));
  const known = blockedJids(account);
  const removed = named.size === 0 ? known : known.filter((jid) => named.has(jid));
  if (removed.length > 0) changeList(host, account, () => unblock(account, removed));
  push(host, account, Unblock.build({ items: itemsOf([...named]) }));
  return undefined;
}

function changeList(host: Host, account: Account, change: () => string | undefined): void {
  let name: string | undefined;
  changePrivacy(account, () => {
    name = change();
  });
  if (name !== undefined) host.emit(listChangedByBlocking, { account, name });
}

/** [xep0191-3.3-02] [xep0191-3.4-02] [xep0191-3.5-02] */
function push(host: Host, account: Account, payload: XmlElement): void {
  for (const session of account.sessions.values()) {
    if (!session.get(interestedSlot)) continue;
    const iq = xml(NS_CLIENT, "iq", { type: "set", id: randomToken(host.env, 10), to: session.jid }, payload);
    session.send(stanzaOf("iq", iq, account.jid, session.jid));
  }
}

function itemsOf(jids: readonly Jid[]): Infer<typeof Blocklist>["items"] {
  return jids.map((jid) => ({ jid }));
}
