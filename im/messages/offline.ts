import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { withChildren } from "#protocol/xml/element.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { bareOf, parseJid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import type { Host } from "#kit/host.ts";
import type { Session } from "#kit/session.ts";
import { SettlementTracker } from "#kit/settlement.ts";
import { accountArchive, accountValue, json, type ArchiveEntry } from "#kit/slots.ts";
import { Stanza, stanzaOf } from "#kit/stanza.ts";
import { Delay } from "#xep/0203-delayed-delivery/elements.ts";
import { storageHint } from "#xep/0334-hints/elements.ts";

/** Messages that wait for their recipient, as they were received. */
export const offlineMessages = accountArchive("offline", 1);
export const offlineCount = accountValue<number>("offline-count", 1, json());

/** Messages read from storage at once. */
const pageMessages = 100;

/** Whether a message is worth keeping for later: it says something, and nobody wished otherwise (XEP-0160 §3, XEP-0334). */
export function isWorthKeeping(stanza: Stanza): boolean {
  if (stanza.type !== "chat" && stanza.type !== "normal") return false;
  const hint = storageHint(stanza.element);
  if (hint !== undefined) return hint === "store";
  // Chat states and the like alone are of the moment (XEP-0160 §3, S34); a normal message may be all payload.
  return stanza.type === "normal" || stanza.element.child(NS_CLIENT, "body") !== undefined;
}

/** The messages that accounts of one host owe to clients that were not there (XEP-0160). */
export class OfflineStore {
  readonly #host: Host;
  /** Stored messages that a session is being given: no other session gets them too. */
  readonly #claimed = new WeakMap<Account, Set<string>>();
  #lastId = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Keeps a message; it joins the account's batch. False when as many as `max` wait already. */
  keep(account: Account, stanza: Stanza, max: number): string | undefined {
    const count = account.value(offlineCount).get() ?? 0;
    if (count >= max) return undefined;
    const at = this.#host.env.now();
    // Ids are in the order of arrival, also for what arrives in the same millisecond.
    this.#lastId = Math.max(this.#lastId + 1, at * 1000);
    const id = this.#lastId.toString(36).padStart(11, "0");
    const element = Delay.within(stanza.element) === undefined ? this.#stamped(stanza, at) : stanza.element;
    const entry: ArchiveEntry = { id, at, with: bareOf(stanza.from), value: serialize(element) };
    account.archive(offlineMessages).append(entry);
    account.value(offlineCount).set(count + 1);
    return id;
  }

  /** Keeps a message for one session: others do not get it as long as that session has not given it back. */
  claim(account: Account, id: string): void {
    const claimed = this.#claimed.get(account) ?? new Set();
    this.#claimed.set(account, claimed.add(id));
  }

  giveBack(account: Account, id: string): void {
    this.#claimed.get(account)?.delete(id);
  }

  /** The client has these. Told twice, as by an acknowledgement and by the settlement that it brings, it counts once. */
  forget(account: Account, names: readonly string[]): void {
    const claimed = this.#claimed.get(account);
    const ids = names.filter((name) => claimed?.delete(name) === true);
    if (ids.length === 0) return;
    account.archive(offlineMessages).remove(ids);
    account.value(offlineCount).set(Math.max(0, (account.value(offlineCount).get() ?? 0) - ids.length));
  }

  /** Sends all that waits to a session that became available. Each message is forgotten when its client has it. */
  async deliver(account: Account, session: Session): Promise<void> {
    const archive = account.archive(offlineMessages);
    for (let after: string | undefined; ;) {
      const page = await archive.page({ max: pageMessages, ...(after === undefined ? {} : { after }) });
      for (const entry of page) this.#send(account, session, entry);
      after = page.at(-1)?.id;
      if (after === undefined || page.length < pageMessages) return;
    }
  }

  #send(account: Account, session: Session, entry: ArchiveEntry): void {
    if (this.#claimed.get(account)?.has(entry.id) === true) return;
    const element = parseElement(entry.value);
    const from = parseJid(element.attr("from") ?? "");
    if (from === undefined) return;
    this.claim(account, entry.id);
    const taken = new SettlementTracker(() => account.post(() => this.forget(account, [entry.id])));
    const settlement = taken.next();
    const kept = stanzaOf("message", element, from, parseJid(element.attr("to") ?? ""));
    session.send(new Stanza("message", element, from, kept.to, kept.type, kept.id, settlement, entry.id));
    settlement.release();
  }

  #stamped(stanza: Stanza, stamp: number): Stanza["element"] {
    const delay = Delay.build({ from: this.#host.domain, stamp, reason: "Offline Storage" });
    return withChildren(stanza.element, [...stanza.element.children, delay]);
  }
}
