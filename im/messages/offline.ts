import { withChildren, type XmlElement } from "#protocol/xml/element.ts";
import { bareOf, parseJid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import type { Host } from "#kit/host.ts";
import type { ModuleParts } from "#kit/server-module.ts";
import type { Session } from "#kit/session.ts";
import type { ArchiveEntry } from "#kit/slots.ts";
import { stanzaOf, Stanza, type ArchivePlace } from "#kit/stanza.ts";
import { storedXml } from "#kit/stored-xml.ts";
import { Delay } from "#xep/0203-delayed-delivery/elements.ts";
import { stanzaIdBy } from "#xep/0359-stanza-ids/elements.ts";
import { OwedRows } from "./owed-rows.ts";
import { hasDelayBy } from "./own-delay.ts";
import { Portion } from "./portion.ts";
import { offlineMessages } from "./slots.ts";
import { WaitingCount } from "./waiting-count.ts";

/** Messages read from storage at once. */
const pageMessages = 100;

type IsWanted = (archived: ArchivePlace | undefined) => boolean;

/** What is known of one account's messages while it is awake. */
interface Waiting {
  readonly count: WaitingCount;
  readonly owed: OwedRows;
  /** Rows that nobody needs and that could not be removed. */
  readonly unremoved: Set<string>;
  /** Rows that nobody counts on, as they could not be written: a store out of reach may have them all the same. */
  readonly unwritten: Set<string>;
  /** What was written down for sessions that owe it: one row for all of them. */
  readonly secured: WeakMap<Stanza, ArchiveEntry>;
  lastId: number;
}

/**
 * The messages that accounts of one host owe to clients that were not there (XEP-0160), or that have not acknowledged them. A
 * message that the archive has is kept under the name that it has there.
 */
export class OfflineStore {
  readonly #host: Host;
  readonly #accounts = new WeakMap<Account, Waiting>();

  constructor(host: Host) {
    this.#host = host;
  }

  /** Keeps a message; it joins the account's batch. False when as many as `max` wait already. */
  keep(account: Account, stanza: Stanza, max: number): boolean {
    const { count, owed } = this.#of(account);
    if (count.rows - owed.extra >= max) return false;
    const entry = this.#entryOf(account, stanza);
    this.#begin(account, entry.id);
    account.archive(offlineMessages).append(entry);
    count.change(1);
    account.whenDurable(nothing, () => this.#of(account).unwritten.add(entry.id));
    return true;
  }

  /**
   * Writes down what a session owes to its client; it joins the account's batch. Whoever sent it is told that it is safe,
   * so there is always room: how much a session may owe has its own bound.
   */
  secure(account: Account, stanza: Stanza): string {
    const { count, owed, secured } = this.#of(account);
    // Under the name that it has, also where it could not be written: it may be there all the same.
    const entry = secured.get(stanza) ?? this.#entryOf(account, stanza);
    let row = owed.get(entry.id);
    if (row === undefined || row.leaving) {
      this.#begin(account, entry.id);
      const fresh = owed.add(entry.id, { extra: true });
      count.change(1, () => fresh.batches > 1);
      row = fresh;
      secured.set(stanza, entry);
    }
    // Into the batch of each session that owes it: the one that it is in may yet fail.
    account.archive(offlineMessages).append(entry);
    row.owing += 1;
    row.batches += 1;
    const { id } = entry;
    const written = row;
    account.whenDurable(nothing, () => {
      // Its session still has it and tries again: nothing is lost, and nobody need hear of this.
      written.owing -= 1;
      written.batches -= 1;
      if (written.batches > 0) return;
      if (owed.get(id) === written) this.#of(account).unwritten.add(id);
      owed.delete(id, written);
    });
    return id;
  }

  /** A session that was read back owes this to its client: it waits for nobody else. */
  claim(account: Account, name: string, taken: boolean): void {
    const { owed } = this.#of(account);
    const row = owed.get(name) ?? owed.add(name, { extra: true });
    row.owing += 1;
    if (taken) row.taken = true;
  }

  /** How many sessions owe it. */
  owing(account: Account, name: string): number {
    return this.#of(account).owed.get(name)?.owing ?? 0;
  }

  /** Whether the client of one of the sessions that owed it has it. */
  isTaken(account: Account, name: string): boolean {
    return this.#of(account).owed.get(name)?.taken === true;
  }

  /** Whether a client has it, or another session owes it beside the one that asks. */
  isInOtherHands(account: Account, name: string): boolean {
    return this.isTaken(account, name) || this.owing(account, name) > 1;
  }

  /** So many more sessions owe it. */
  relyOn(account: Account, name: string, sessions: number): void {
    const row = this.#of(account).owed.get(name);
    if (row !== undefined) row.owing += sessions;
  }

  /** The clients of as many sessions have these: nobody else is to get them. */
  take(account: Account, names: readonly string[]): void {
    const { owed, unremoved } = this.#of(account);
    const done = names.filter((name) => {
      const row = owed.get(name);
      if (row === undefined || row.leaving) return false;
      row.taken = true;
      row.owing -= 1;
      return row.owing <= 0;
    });
    this.#remove(account, unremoved.size === 0 ? done : [...new Set([...done, ...unremoved])]);
  }

  /** A session need not bring it any more: others will, or nobody has to. */
  letGo(account: Account, name: string): void {
    const row = this.#of(account).owed.get(name);
    if (row === undefined || row.leaving) return;
    row.owing -= 1;
    if (row.owing <= 0) this.#remove(account, [name]);
  }

  /**
   * A session will not bring this to its client: unless somebody has it, or another session owes it, it waits for the next one.
   *
   * @returns false where more than `max` would wait: it is forgotten, and its sender should hear of it
   */
  giveBack(account: Account, name: string, max: number): boolean {
    const { count, owed } = this.#of(account);
    const row = owed.get(name);
    if (row === undefined || row.leaving) return true;
    row.owing -= 1;
    if (row.owing > 0) return true;
    if (row.taken) {
      this.#remove(account, [name]);
      return true;
    }
    // From now on it counts.
    if (row.extra && count.rows - owed.extra >= max) {
      this.#remove(account, [name]);
      return false;
    }
    owed.delete(name, row);
    return true;
  }

  /** Who owns them wants them removed, whoever was to bring them. */
  discard(account: Account, names: readonly string[]): void {
    const { owed } = this.#of(account);
    this.#remove(
      account,
      names.filter((name) => owed.get(name)?.leaving !== true),
    );
  }

  /**
   * Sends what waits to a session that became available, as far as it is wanted there, or the first part of it. Each message is
   * forgotten when its client has it.
   *
   * @param flood `isWanted` is told where the archive had the message as it came, or undefined; `inHistory` says of what is
   * not wanted whether the archive has it still
   * @returns what it was sent, where more waits: to be called again when none of it {@link OfflineStore.isOwed}
   * @throws StoreError when it cannot be read at present
   */
  async deliver(
    account: Account,
    session: Session,
    { isWanted, inHistory }: { readonly isWanted: IsWanted; readonly inHistory: ModuleParts["inHistory"] },
  ): Promise<readonly string[] | undefined> {
    this.take(account, []);
    const { count, owed } = this.#of(account);
    const counted = count.beginReading();
    const portion = new Portion();
    let rows = 0;
    for await (const page of this.#pages(account)) {
      rows += page.length;
      const bytes = new Map(page.map(({ id, value }) => [id, value.length]));
      const stanzas = page.flatMap((entry) => waitingStanza(account, entry) ?? []);
      const unwanted = stanzas.flatMap(({ archived }) => (isWanted(archived) ? [] : (archived?.id ?? [])));
      const known = unwanted.length > 0 ? await inHistory?.(account, unwanted) : undefined;
      for (const stanza of stanzas) {
        const { stored = "", archived } = stanza;
        const isLeft = !isWanted(archived) && (inHistory === undefined || known?.has(stored) === true);
        if (isLeft || owed.get(stored) !== undefined) continue;
        const size = bytes.get(stored) ?? 0;
        if (portion.isFullFor(size)) return portion.names;
        if (owed.lend(stored) === undefined) continue;
        portion.add(stored, size);
        session.send(stanza);
      }
    }
    counted(rows);
    return undefined;
  }

  /** Whether some session has still to bring one of these to its client. */
  isOwed(account: Account, names: readonly string[]): boolean {
    const { owed } = this.#of(account);
    return names.some((name) => owed.get(name)?.leaving === false);
  }

  /**
   * What is taken of each message that waits for any client, the oldest first: not of what a session owes to its own.
   *
   * @param names only those of them
   * @throws StoreError; what `take` throws
   */
  async list<T>(
    account: Account,
    take: (message: Stanza, length: number) => T,
    names?: readonly string[],
  ): Promise<readonly T[]> {
    const { owed } = this.#of(account);
    const found: T[] = [];
    for await (const page of this.#pages(account, names))
      for (const entry of page) {
        if (owed.get(entry.id) !== undefined) continue;
        const stanza = waitingStanza(account, entry);
        if (stanza !== undefined) found.push(take(stanza, entry.value.length));
      }
    return found;
  }

  /**
   * A session gets messages another way. Those of them that are in the store it owes to its client from now on.
   *
   * @throws StoreError
   */
  async lend(account: Account, names: readonly string[]): Promise<ReadonlySet<string>> {
    const { count, owed } = this.#of(account);
    const lent = new Set<string>();
    if (count.rows === 0) return lent;
    for await (const page of this.#pages(account, names))
      for (const { id } of page) if (owed.lend(id) !== undefined) lent.add(id);
    return lent;
  }

  /**
   * Reads what was written down under these names; what is gone is left out.
   *
   * @throws StoreError
   */
  async readBack(account: Account, names: readonly string[]): Promise<ReadonlyMap<string, Stanza>> {
    const found = new Map<string, Stanza>();
    for await (const page of this.#pages(account, names))
      for (const entry of page) {
        const stanza = waitingStanza(account, entry);
        if (stanza !== undefined) found.set(entry.id, stanza);
      }
    return found;
  }

  /** All rows, or those with these names, in order. */
  async *#pages(account: Account, names?: readonly string[]): AsyncGenerator<readonly ArchiveEntry[]> {
    const archive = account.archive(offlineMessages);
    const query = { max: pageMessages, direction: "forward" } as const;
    if (names !== undefined) {
      for (let start = 0; start < names.length; start += pageMessages) {
        const page = await archive.page({ ...query, ids: names.slice(start, start + pageMessages) });
        if (page.found) yield page.rows;
      }
      return;
    }
    let last: ArchiveEntry | undefined;
    for (;;) {
      let page = await archive.page(last === undefined ? query : { ...query, after: last.id });
      // What the last page ended with is gone, because some client has it: on from when that was.
      if (!page.found && last !== undefined) page = await archive.page({ ...query, start: last.at });
      if (!page.found) return;
      const seen = last;
      yield seen === undefined ? page.rows : page.rows.filter(({ id, at }) => at > seen.at || id > seen.id);
      last = page.rows.at(-1) ?? last;
      if (page.complete) return;
    }
  }

  #remove(account: Account, names: readonly string[]): void {
    this.#removeUnwritten(account);
    if (names.length === 0) return;
    const { count, owed, unremoved } = this.#of(account);
    const rows = names.map((name) => [name, owed.leave(name)] as const);
    for (const name of names) unremoved.delete(name);
    account.archive(offlineMessages).remove(names);
    count.change(-names.length);
    account.whenDurable(
      () => {
        for (const [name, row] of rows) owed.delete(name, row);
      },
      () => {
        // Nobody gets it again, and it goes with the next ones.
        for (const [name, row] of rows) if (owed.get(name) === row) unremoved.add(name);
      },
    );
  }

  /** They were never counted. */
  #removeUnwritten(account: Account): void {
    const { unwritten } = this.#of(account);
    if (unwritten.size === 0) return;
    const names = [...unwritten];
    unwritten.clear();
    account.archive(offlineMessages).remove(names);
    account.whenDurable(nothing, () => {
      for (const name of names) unwritten.add(name);
    });
  }

  /** What had this name before is no more. */
  #begin(account: Account, name: string): void {
    const { owed, unremoved, unwritten } = this.#of(account);
    owed.delete(name);
    unremoved.delete(name);
    unwritten.delete(name);
  }

  #of(account: Account): Waiting {
    let known = this.#accounts.get(account);
    if (known === undefined) {
      known = {
        count: new WaitingCount(account),
        owed: new OwedRows(),
        unremoved: new Set(),
        unwritten: new Set(),
        secured: new WeakMap(),
        lastId: 0,
      };
      this.#accounts.set(account, known);
    }
    return known;
  }

  #entryOf(account: Account, stanza: Stanza): ArchiveEntry {
    const { id, at } = stanza.archived ?? this.#nextPlace(account);
    // Others' stamps stay: they tell of other delays. What carries ours was kept before, and is as old as it says.
    const element = hasDelayBy(this.#host.domain, stanza.element) ? stanza.element : this.#stamped(stanza, at);
    return { id, at, with: bareOf(stanza.from), value: storedXml.encode(element) };
  }

  #nextPlace(account: Account): ArchivePlace {
    const waiting = this.#of(account);
    const at = waiting.count.timeOfNext(this.#host.env.now());
    // Ids are in the order of arrival, also for what arrives in the same millisecond.
    waiting.lastId = Math.max(waiting.lastId + 1, at * 1000);
    return { id: waiting.lastId.toString(36).padStart(11, "0"), at };
  }

  #stamped(stanza: Stanza, stamp: number): XmlElement {
    // [xep0160-2-02] [xep0198-4-11] [xep0203-2-01] [xep0203-2-02] [xep0203-2-03]
    const delay = Delay.build({ from: this.#host.domain, stamp, reason: "Offline Storage" });
    return withChildren(stanza.element, [...stanza.element.children, delay]);
  }
}

/** A row as a message on its way to a client. */
function waitingStanza(account: Account, { id, at, value }: ArchiveEntry): Stanza | undefined {
  const element = storedXml.decode(value);
  const from = parseJid(element.attr("from") ?? "");
  if (from === undefined) return undefined;
  const stanza = stanzaOf("message", element, from, parseJid(element.attr("to") ?? ""));
  // Nobody else can know what a row is named.
  const archived = stanzaIdBy(element, account.jid) === id ? { id, at } : undefined;
  return new Stanza("message", element, from, stanza.to, stanza.type, stanza.id, undefined, id, archived);
}

function nothing(): void {}
