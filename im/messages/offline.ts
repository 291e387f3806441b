import { withChildren } from "#protocol/xml/element.ts";
import { bareOf, parseJid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import type { Host } from "#kit/host.ts";
import type { Session } from "#kit/session.ts";
import { SettlementTracker } from "#kit/settlement.ts";
import { accountArchive, accountValue, json, type ArchiveEntry } from "#kit/slots.ts";
import { Stanza, stanzaOf } from "#kit/stanza.ts";
import { storedXml } from "#kit/stored-xml.ts";
import { Delay } from "#xep/0203-delayed-delivery/elements.ts";
import { hasDelayBy } from "./own-delay.ts";

/** Messages that wait for their recipient, as they were received. */
export const offlineMessages = accountArchive("offline", 1);
export const offlineCount = accountValue<number>("offline-count", 1, json());

/** Messages read from storage at once. */
const pageMessages = 100;

/** The messages that accounts of one host owe to clients that were not there (XEP-0160). */
export class OfflineStore {
  readonly #host: Host;
  /** Stored messages that a session is being given: no other session gets them too. */
  readonly #claimed = new WeakMap<Account, Set<string>>();
  #lastId = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Keeps a message; it joins the account's batch. Returns its id; undefined when as many as `max` wait already. */
  keep(account: Account, stanza: Stanza, max: number): string | undefined {
    const count = account.value(offlineCount).get() ?? 0;
    if (count >= max) return undefined;
    const at = this.#host.env.now();
    // Ids are in the order of arrival, also for what arrives in the same millisecond.
    this.#lastId = Math.max(this.#lastId + 1, at * 1000);
    const id = this.#lastId.toString(36).padStart(11, "0");
    // Others' stamps stay: they tell of other delays. What carries ours was kept before, and is as old as it says.
    const element = hasDelayBy(this.#host.domain, stanza.element) ? stanza.element : this.#stamped(stanza, at);
    const entry: ArchiveEntry = { id, at, with: bareOf(stanza.from), value: storedXml.encode(element) };
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
    const element = storedXml.decode(entry.value);
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
