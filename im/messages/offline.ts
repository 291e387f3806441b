import { withChildren } from "#protocol/xml/element.ts";
import { bareOf, parseJid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import type { Host } from "#kit/host.ts";
import type { ModuleParts } from "#kit/server-module.ts";
import type { Session } from "#kit/session.ts";
import { SettlementTracker } from "#kit/settlement.ts";
import type { ArchiveEntry } from "#kit/slots.ts";
import { Stanza, stanzaOf, type ArchivePlace } from "#kit/stanza.ts";
import { storedXml } from "#kit/stored-xml.ts";
import { Delay } from "#xep/0203-delayed-delivery/elements.ts";
import { hasDelayBy } from "./own-delay.ts";
import { offlineCount, offlineMessages } from "./slots.ts";

/** Messages read from storage at once. */
const pageMessages = 100;

/** How many messages an account has, and those that its sessions are being given. */
interface Lent {
  /** Rows, with what is being written; undefined until somebody asks. */
  count: number | undefined;
  /** Changes of that so far, and those of them that are not durable yet. */
  changes: number;
  changing: number;
  /** No other session gets these too. */
  readonly claimed: Set<string>;
  /** Those of them that were written down for a session only, and do not count as waiting. */
  readonly extra: Set<string>;
  /** How many sessions rely on those of them that several were given. */
  readonly relying: Map<string, number>;
  /** Those of them that a client has and that are being removed, each with what removes it. */
  readonly leaving: Map<string, object>;
  /** Those of them that a client has and that could not be removed yet. */
  readonly delivered: Set<string>;
}

/** The messages that accounts of one host owe to clients that were not there (XEP-0160). */
export class OfflineStore {
  readonly #host: Host;
  readonly #lent = new WeakMap<Account, Lent>();
  /** Under which name a message was written down for the sessions that owe it: one row for all of them. */
  readonly #securedAs = new WeakMap<Stanza, ArchiveEntry>();
  #lastAt = 0;
  #lastId = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Keeps a message; it joins the account's batch. Returns its id; undefined when as many as `max` wait already. */
  keep(account: Account, stanza: Stanza, max: number): string | undefined {
    return this.#waiting(account) >= max ? undefined : this.#append(account, stanza).id;
  }

  /**
   * Writes down what a session owes to its client; it joins the account's batch. Whoever sent it is told that it is safe,
   * so there is always room: how much a session may owe has its own bound.
   */
  secure(account: Account, stanza: Stanza): string {
    const shared = this.#securedAs.get(stanza);
    const lent = this.#lentBy(account);
    if (shared !== undefined && lent.claimed.has(shared.id) && !isTaken(lent, shared.id)) {
      // Into this session's batch as well: the one that it is in may yet fail.
      this.relyOn(account, shared.id, 1);
      account.archive(offlineMessages).append(shared);
      account.value(offlineCount).set(this.#count(account));
      account.whenDurable(() => {
        // That one has failed, and this has not.
        if (this.#securedAs.has(stanza)) return;
        this.#securedAs.set(stanza, shared);
        lent.count = this.#count(account) + 1;
        lent.changes += 1;
        lent.claimed.add(shared.id);
        lent.extra.add(shared.id);
        lent.relying.set(shared.id, 1);
      }, nothing);
      return shared.id;
    }
    const entry = this.#append(account, stanza);
    const { id } = entry;
    lent.claimed.add(id);
    lent.extra.add(id);
    lent.relying.set(id, 1);
    this.#securedAs.set(stanza, entry);
    account.whenDurable(nothing, () => {
      // Its session still has it and tries again: nothing is lost, and nobody need hear of this.
      lent.claimed.delete(id);
      lent.extra.delete(id);
      lent.relying.delete(id);
      this.#securedAs.delete(stanza);
    });
    return id;
  }

  /** A session that lived before the server was started owes these to its client: they wait for nobody else. */
  claim(account: Account, ids: readonly string[]): void {
    const { claimed, extra, relying } = this.#lentBy(account);
    for (const id of ids) {
      relying.set(id, claimed.has(id) ? (relying.get(id) ?? 1) + 1 : 1);
      claimed.add(id);
      extra.add(id);
    }
  }

  /**
   * Reads what was written down under these names; what is gone is left out.
   *
   * @throws StoreError
   */
  async readBack(account: Account, ids: readonly string[]): Promise<ReadonlyMap<string, Stanza>> {
    const archive = account.archive(offlineMessages);
    const found = new Map<string, Stanza>();
    for (let start = 0; start < ids.length; start += pageMessages) {
      const wanted = ids.slice(start, start + pageMessages);
      const page = await archive.page({ max: pageMessages, direction: "forward", ids: wanted });
      for (const { id, value } of page.found ? page.rows : []) {
        const element = storedXml.decode(value);
        const from = parseJid(element.attr("from") ?? "");
        if (from === undefined) continue;
        found.set(id, stanzaOf("message", element, from, parseJid(element.attr("to") ?? "")).storedAs(id));
      }
    }
    return found;
  }

  /** So many more sessions than the first one need what is written down under this name. */
  relyOn(account: Account, id: string, sessions: number): void {
    const { relying } = this.#lentBy(account);
    relying.set(id, (relying.get(id) ?? 1) + sessions);
  }

  /** One session less needs it, and another one has the message: it is forgotten with the last that needs it. */
  relyNoMore(account: Account, id: string): void {
    const { relying } = this.#lentBy(account);
    const left = (relying.get(id) ?? 1) - 1;
    if (left > 0) relying.set(id, left);
    else this.forget(account, [id]);
  }

  /**
   * A session will not bring this to its client: it waits for the next one.
   *
   * @returns false where more than `max` would wait: it is forgotten, and its sender should hear of it
   */
  giveBack(account: Account, id: string, max: number): boolean {
    const lent = this.#lentBy(account);
    if (lent.extra.delete(id) && this.#waiting(account) > max) {
      this.forget(account, [id]);
      return false;
    }
    lent.relying.delete(id);
    if (!isTaken(lent, id)) lent.claimed.delete(id);
    return true;
  }

  /**
   * The client has these. Told twice, as by an acknowledgement and by the settlement that it brings, it counts once. What
   * cannot be removed now stays claimed, so that nobody gets it again, and is removed with the next ones.
   */
  forget(account: Account, names: readonly string[]): void {
    const lent = this.#lentBy(account);
    const ids = [...names.filter((name) => lent.claimed.has(name) && !isTaken(lent, name)), ...lent.delivered];
    if (ids.length === 0) return;
    lent.delivered.clear();
    const removal = {};
    for (const id of ids) {
      lent.extra.delete(id);
      lent.relying.delete(id);
      lent.leaving.set(id, removal);
    }
    account.archive(offlineMessages).remove(ids);
    this.#changeCount(account, -ids.length);
    account.whenDurable(
      () => {
        for (const id of ids) {
          // Or it was written down again behind this, under the same name.
          if (lent.leaving.get(id) !== removal) continue;
          lent.leaving.delete(id);
          lent.claimed.delete(id);
        }
      },
      () => {
        for (const id of ids) {
          if (lent.leaving.get(id) !== removal) continue;
          lent.leaving.delete(id);
          lent.delivered.add(id);
        }
      },
    );
  }

  /** Messages that wait for any client, as far as they count. */
  #waiting(account: Account): number {
    return this.#count(account) - this.#lentBy(account).extra.size;
  }

  #count(account: Account): number {
    const lent = this.#lentBy(account);
    const stored = account.value(offlineCount).get();
    // Nothing was ever kept, or the account was wiped.
    if (stored === undefined) lent.count = 0;
    return (lent.count ??= stored ?? 0);
  }

  /**
   * Joins the batch of the rows that it is about. It is taken back where that fails: the slot has then been read anew
   * as a later batch wrote it, which could not know.
   */
  #changeCount(account: Account, by: number): void {
    const lent = this.#lentBy(account);
    lent.count = Math.max(0, this.#count(account) + by);
    account.value(offlineCount).set(lent.count);
    lent.changes += 1;
    lent.changing += 1;
    account.whenDurable(
      () => {
        lent.changing -= 1;
      },
      () => {
        lent.changing -= 1;
        lent.count = Math.max(0, (lent.count ?? 0) - by);
      },
    );
  }

  #lentBy(account: Account): Lent {
    const known = this.#lent.get(account);
    if (known !== undefined) return known;
    const lent: Lent = {
      count: undefined,
      changes: 0,
      changing: 0,
      claimed: new Set(),
      extra: new Set(),
      relying: new Map(),
      leaving: new Map(),
      delivered: new Set(),
    };
    this.#lent.set(account, lent);
    return lent;
  }

  #append(account: Account, stanza: Stanza): ArchiveEntry {
    // What the archive has waits under the name that it has there.
    const { id, at } = stanza.archived ?? this.#nextPlace();
    // Others' stamps stay: they tell of other delays. What carries ours was kept before, and is as old as it says.
    const element = hasDelayBy(this.#host.domain, stanza.element) ? stanza.element : this.#stamped(stanza, at);
    const entry: ArchiveEntry = { id, at, with: bareOf(stanza.from), value: storedXml.encode(element) };
    const { claimed, delivered, leaving } = this.#lentBy(account);
    // One of the same name that a client has is not this one.
    if (leaving.delete(id) || delivered.delete(id)) claimed.delete(id);
    account.archive(offlineMessages).append(entry);
    this.#changeCount(account, 1);
    return entry;
  }

  /**
   * Sends all that waits to a session that became available. Each message is forgotten when its client has it.
   *
   * @param inHistory for a client that reads the account's history: which of these that has. What it has of before the
   * client came is not sent, and waits no more
   * @throws StoreError when it cannot be read at present
   */
  async deliver(account: Account, session: Session, inHistory?: ModuleParts["inHistory"]): Promise<void> {
    this.forget(account, []);
    const archive = account.archive(offlineMessages);
    const lent = this.#lentBy(account);
    let rows = 0;
    let changesBefore: number | undefined;
    for (let after: string | undefined; ;) {
      const page = await archive.page({
        max: pageMessages,
        direction: "forward",
        ...(after === undefined ? {} : { after }),
      });
      // What the last page ended with is gone: another device has had it, and what is behind it.
      if (!page.found) return;
      if (after === undefined && lent.changing === 0) changesBefore = lent.changes;
      rows += page.rows.length;
      const before = inHistory === undefined ? [] : page.rows.filter(({ at }) => at < session.boundAt);
      const known =
        before.length === 0
          ? undefined
          : await inHistory?.(
              account,
              before.map(({ id }) => id),
            );
      if (known !== undefined) this.#leaveToHistory(account, known);
      for (const entry of page.rows) if (known?.has(entry.id) !== true) this.#send(account, session, entry);
      after = page.last;
      if (page.complete) break;
    }
    // All have been seen, and nothing has changed meanwhile: that is how many they are.
    if (lent.changes !== changesBefore) return;
    lent.count = rows;
    if ((account.value(offlineCount).get() ?? 0) !== rows) account.value(offlineCount).set(rows);
  }

  /** But for what a session still owes to its client. */
  #leaveToHistory(account: Account, known: ReadonlySet<string>): void {
    const { claimed } = this.#lentBy(account);
    const waiting = [...known].filter((id) => !claimed.has(id));
    for (const id of waiting) claimed.add(id);
    this.forget(account, waiting);
  }

  #send(account: Account, session: Session, entry: ArchiveEntry): void {
    const { claimed } = this.#lentBy(account);
    if (claimed.has(entry.id)) return;
    const element = storedXml.decode(entry.value);
    const from = parseJid(element.attr("from") ?? "");
    if (from === undefined) return;
    claimed.add(entry.id);
    const taken = new SettlementTracker(() => account.post(() => this.forget(account, [entry.id])));
    const settlement = taken.next();
    const kept = stanzaOf("message", element, from, parseJid(element.attr("to") ?? ""));
    session.send(new Stanza("message", element, from, kept.to, kept.type, kept.id, settlement, entry.id));
    settlement.release();
  }

  #nextPlace(): ArchivePlace {
    // Clocks are set back; messages leave in the order in which they came all the same.
    const at = Math.max(this.#host.env.now(), this.#lastAt);
    this.#lastAt = at;
    // Ids are in the order of arrival, also for what arrives in the same millisecond.
    this.#lastId = Math.max(this.#lastId + 1, at * 1000);
    return { id: this.#lastId.toString(36).padStart(11, "0"), at };
  }

  #stamped(stanza: Stanza, stamp: number): Stanza["element"] {
    // [xep0160-2-02] [xep0198-4-11] [xep0203-2-01] [xep0203-2-02] [xep0203-2-03]
    const delay = Delay.build({ from: this.#host.domain, stamp, reason: "Offline Storage" });
    return withChildren(stanza.element, [...stanza.element.children, delay]);
  }
}

function nothing(): void {}

/** A client has it already. */
function isTaken({ leaving, delivered }: Lent, id: string): boolean {
  return leaving.has(id) || delivered.has(id);
}
