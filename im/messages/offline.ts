import { withChildren, type XmlElement } from "#protocol/xml/element.ts";
import { bareOf } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import type { Host } from "#kit/host.ts";
import type { ModuleParts } from "#kit/server-module.ts";
import type { Session } from "#kit/session.ts";
import type { ArchiveEntry } from "#kit/slots.ts";
import type { Stanza, ArchivePlace } from "#kit/stanza.ts";
import { storedXml } from "#kit/stored-xml.ts";
import { Delay } from "#xep/0203-delayed-delivery/elements.ts";
import { offlinePages, waitingStanza, type WhichPages } from "./offline-pages.ts";
import { OfflineRows } from "./offline-rows.ts";
import { hasDelayBy } from "./own-delay.ts";
import { Portion } from "./portion.ts";

type IsWanted = (archived: ArchivePlace | undefined) => boolean;

/** What is known of one account's messages while it is awake. */
interface Waiting {
  readonly rows: OfflineRows;
  /** What was written down, or should have been, of messages that sessions owe. */
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

  /** Whose the rows of an account are. */
  rows(account: Account): OfflineRows {
    return this.#of(account).rows;
  }

  /** Keeps a message; it joins the account's batch. False when as many as `max` wait already. */
  keep(account: Account, stanza: Stanza, max: number): boolean {
    const { rows } = this.#of(account);
    if (rows.waiting >= max) return false;
    rows.keep(this.#entryOf(account, stanza));
    return true;
  }

  /**
   * Writes down what a session owes to its client; it joins the account's batch: one row for all sessions that owe it.
   *
   * @returns its name
   */
  secure(account: Account, stanza: Stanza): string {
    const { rows, secured } = this.#of(account);
    const entry = this.#entryOf(account, stanza);
    secured.set(stanza, entry);
    rows.secure(entry);
    return entry.id;
  }

  /**
   * Sends what waits to a session that became available, as far as it is wanted there, or the first part of it. Each message is
   * forgotten when its client has it.
   *
   * @param flood `isWanted` is told where the archive had the message as it came, or undefined; `inHistory` says of what is
   * not wanted whether the archive has it still
   * @returns what it was sent, where more waits: to be called again when none of it {@link OfflineRows.isOwed}
   * @throws StoreError when it cannot be read at present
   */
  async deliver(
    account: Account,
    session: Session,
    { isWanted, inHistory }: { readonly isWanted: IsWanted; readonly inHistory: ModuleParts["inHistory"] },
  ): Promise<readonly string[] | undefined> {
    const { rows } = this.#of(account);
    rows.take();
    const counted = rows.count.beginReading();
    const portion = new Portion();
    let count = 0;
    for await (const all of this.#pages(account, {})) {
      const page = all.filter(({ id }) => rows.isWanted(id));
      count += page.length;
      const bytes = new Map(page.map(({ id, value }) => [id, value.length]));
      const stanzas = page.flatMap((entry) => waitingStanza(account, entry) ?? []);
      const unwanted = stanzas.flatMap(({ archived }) => (isWanted(archived) ? [] : (archived?.id ?? [])));
      const known = unwanted.length > 0 ? await inHistory?.(account, unwanted) : undefined;
      for (const stanza of stanzas) {
        const { stored = "", archived } = stanza;
        const isLeft = !isWanted(archived) && (inHistory === undefined || known?.has(stored) === true);
        if (isLeft || !rows.waits(stored)) continue;
        const size = bytes.get(stored) ?? 0;
        if (portion.isFullFor(size)) return portion.names;
        rows.lend(stored);
        portion.add(stored, size);
        session.send(stanza);
      }
    }
    counted(count);
    return undefined;
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
    const { rows } = this.#of(account);
    const found: T[] = [];
    for await (const page of this.#pages(account, { names }))
      for (const entry of page) {
        if (!rows.waits(entry.id)) continue;
        const stanza = waitingStanza(account, entry);
        if (stanza !== undefined) found.push(take(stanza, entry.value.length));
      }
    return found;
  }

  /**
   * Which of these messages are in the store to come to a client, whoever has to bring them.
   *
   * @throws StoreError
   */
  async holds(account: Account, names: readonly string[]): Promise<ReadonlySet<string>> {
    const { rows } = this.#of(account);
    const held = new Set<string>();
    for await (const page of this.#pages(account, { names, withoutValues: true }))
      for (const { id } of page) if (rows.isWanted(id)) held.add(id);
    return held;
  }

  /**
   * A session gets messages another way. Those of them that are in the store it owes to its client from now on.
   *
   * @throws StoreError
   */
  async lend(account: Account, names: readonly string[]): Promise<ReadonlySet<string>> {
    const { rows } = this.#of(account);
    const lent = new Set<string>();
    if (rows.count.rows === 0) return lent;
    for await (const page of this.#pages(account, { names, withoutValues: true }))
      for (const { id } of page) if (rows.lend(id)) lent.add(id);
    return lent;
  }

  /**
   * Reads what was written down under these names; what is gone is left out.
   *
   * @throws StoreError
   */
  async readBack(account: Account, names: readonly string[]): Promise<ReadonlyMap<string, Stanza>> {
    const found = new Map<string, Stanza>();
    for await (const page of this.#pages(account, { names }))
      for (const entry of page) {
        const stanza = waitingStanza(account, entry);
        if (stanza !== undefined) found.set(entry.id, stanza);
      }
    return found;
  }

  async *#pages(account: Account, which: WhichPages): AsyncGenerator<readonly ArchiveEntry[]> {
    const ended = this.#of(account).rows.beginReading();
    try {
      yield* offlinePages(account, which);
    } finally {
      ended();
    }
  }

  #of(account: Account): Waiting {
    let known = this.#accounts.get(account);
    if (known === undefined) {
      known = { rows: new OfflineRows(account), secured: new WeakMap(), lastId: 0 };
      this.#accounts.set(account, known);
    }
    return known;
  }

  /** Under the name that it has, also where it could not be written: it may be there all the same. */
  #entryOf(account: Account, stanza: Stanza): ArchiveEntry {
    const known = this.#of(account).secured.get(stanza);
    if (known !== undefined) return known;
    const { id, at } = stanza.archived ?? this.#nextPlace(account);
    // Others' stamps stay: they tell of other delays. What carries ours was kept before, and is as old as it says.
    const element = hasDelayBy(this.#host.domain, stanza.element) ? stanza.element : this.#stamped(stanza, at);
    return { id, at, with: bareOf(stanza.from), value: storedXml.encode(element) };
  }

  #nextPlace(account: Account): ArchivePlace {
    const waiting = this.#of(account);
    const at = waiting.rows.count.timeOfNext(this.#host.env.now());
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
