import type { SmQueue } from "#protocol/stream/sm/queue.ts";
import { serializeBytes } from "#protocol/xml/serialize.ts";
import type { Account } from "#kit/account.ts";
import type { MessageDelivery } from "#kit/server-module.ts";
import type { Stanza } from "#kit/stanza.ts";
import { storedXml } from "#kit/stored-xml.ts";
import type { HibernatedSession, OwedValue, Reached, StoredHibernation } from "./hibernation.ts";
import { isLasting, isLost, stanzaOfRow, type Owed } from "./owed-stanza.ts";

/** Whose session it is, and what it owes, the oldest first. */
export interface OwedRowsParts {
  readonly account: Account;
  readonly messages: MessageDelivery;
  readonly queue: SmQueue<Owed>;
}

/** A row that says anew who else has what it stands for, and what it said before. */
export interface ToldRow {
  readonly owed: Owed;
  readonly before: Reached;
}

/**
 * What is stored of a session that hibernates, as far as memory knows: whether the session is described, which stanzas have a
 * row and what it says, and which rows are still to be removed. A stanza's position is which one it is of all that the session
 * was ever to be sent.
 */
export class OwedRows {
  readonly stored: StoredHibernation;
  /** Whether what describes the session is, or is being, written down as it is. */
  isDescribed = false;
  /** Whether the availability of others is written down too. */
  isWhole = false;
  readonly #account: Account;
  readonly #messages: MessageDelivery;
  readonly #queue: SmQueue<Owed>;
  readonly #describe: () => HibernatedSession;
  /** What has left the memory has been read back, and nothing leaves it any more. */
  #awakes = false;
  /** Where the rows are of what the client has acknowledged since. */
  readonly #acknowledged: number[] = [];
  /** Where rows may be of what was withdrawn: to be removed as soon as that can be. */
  readonly #withdrawn: number[] = [];

  /** @param describe what there is to be stored of the session itself */
  constructor(
    { account, messages, queue }: OwedRowsParts,
    stored: StoredHibernation,
    describe: () => HibernatedSession,
  ) {
    this.#account = account;
    this.#messages = messages;
    this.#queue = queue;
    this.stored = stored;
    this.#describe = describe;
  }

  /** Whether nothing of it is to be written or removed, but for what stanzas need that have no row yet. */
  get isUpToDate(): boolean {
    if (!this.isWhole || !this.isDescribed || this.#awakes) return false;
    return this.#acknowledged.length === 0 && this.#withdrawn.length === 0;
  }

  /** Whether something is to be written or removed about no stanza that is owed. */
  get isBehind(): boolean {
    return !this.isDescribed || this.#withdrawn.length > 0;
  }

  /** The client has it. */
  acknowledged(position: number): void {
    this.#acknowledged.push(position);
  }

  /** What was there to be sent is not. */
  withdraw(...positions: readonly number[]): void {
    this.#withdrawn.push(...positions);
  }

  /**
   * Removes the rows of what was withdrawn.
   *
   * @returns where they are: to be withdrawn again where that fails
   */
  takeBack(): readonly number[] {
    const positions = this.#withdrawn.splice(0);
    if (positions.length > 0) this.stored.takeBack(positions);
    return positions;
  }

  writeSession(): void {
    this.stored.writeSession(this.#describe());
  }

  /** Whether it is to have a row and has none. */
  lacks(owed: Owed, stanza: Stanza): boolean {
    return !owed.rowed && (this.isWhole || isLasting(this.#account, stanza));
  }

  append(position: number, owed: Owed, stanza: Stanza): void {
    owed.rowed = owed.rowTried = true;
    const value = this.#valueOf(owed, stanza);
    owed.rowSays = value.reached;
    owed.rowHasText = value.text !== undefined;
    this.stored.append(position, value);
  }

  #valueOf({ secured, reachedBefore }: Owed, stanza: Stanza): OwedValue {
    // Whoever else was given it has it in a moment, most often.
    const reached = this.#isShared(stanza) ? "unknown" : reachedBefore;
    const name = secured ?? undefined;
    // What the account itself sends is about what has that name.
    const isIt = name !== undefined && stanza.from !== this.#account.jid;
    return { name, text: isIt ? undefined : storedXml.encode(stanza.element), reached };
  }

  #isShared(stanza: Stanza): boolean {
    return stanza.kind === "message" && !this.#messages.mayLetGo(stanza);
  }

  /** Nothing comes for a while, or any more: rows say exactly whether anybody else has what they stand for. */
  tellWhoElse(): readonly ToldRow[] {
    const told: ToldRow[] = [];
    let position = this.#queue.acknowledgedTotal;
    for (const owed of this.#queue.unacknowledged()) {
      position += 1;
      const { stanza, secured, rowSays } = owed;
      if (!owed.rowed || typeof secured !== "string") continue;
      const reached = this.#messages.reached(this.#account, secured, stanza) ?? rowSays;
      // What only its row has stays as it is: better twice than never.
      if (reached === rowSays || (owed.rowHasText && stanza === undefined)) continue;
      owed.rowSays = reached;
      told.push({ owed, before: rowSays });
      const text = owed.rowHasText && stanza !== undefined ? storedXml.encode(stanza.element) : undefined;
      this.stored.append(position, { name: secured, text, reached });
    }
    return told;
  }

  /** Its row is written: it leaves the memory, where it can be read back. */
  letGo(owed: Owed): void {
    const { stanza } = owed;
    // Somebody waits until it is taken, though it is safe: who is to be told must not be forgotten.
    if (this.#awakes || stanza === undefined || owed.held) return;
    // Of a message that another session was given too it must be known which it is.
    if (this.#isShared(stanza) || (owed.rowHasText && typeof owed.secured === "string")) return;
    owed.stanza = undefined;
    owed.bytes = undefined;
  }

  /**
   * Reads back what has left the memory; nothing more leaves it.
   *
   * @throws StoreError
   */
  async readBack(): Promise<void> {
    this.#awakes = true;
    try {
      await this.#readBack();
    } catch (error) {
      this.#awakes = false;
      throw error;
    }
  }

  async #readBack(): Promise<void> {
    const away = this.#queue.unacknowledged().filter((owed) => owed.stanza === undefined && !isLost(owed));
    if (away.length === 0) return;
    const names = away.flatMap(({ secured, rowHasText }) => (rowHasText ? [] : (secured ?? [])));
    const messages =
      names.length === 0 ? new Map<string, Stanza>() : await this.#messages.readBack(this.#account, names);
    const others = names.length === away.length ? new Map<number, OwedValue>() : await this.stored.read();
    let position = this.#queue.acknowledgedTotal;
    for (const owed of this.#queue.unacknowledged()) {
      position += 1;
      if (owed.stanza !== undefined || isLost(owed)) continue;
      const { secured, rowHasText } = owed;
      const stanza = rowHasText ? stanzaOfRow(this.#account, others.get(position)) : messages.get(secured ?? "");
      owed.stanza = stanza;
      owed.bytes = stanza && serializeBytes(stanza.element);
      // Its row is gone, whoever took it: nothing can be repeated.
      if (stanza === undefined) owed.rowed = false;
    }
  }

  /**
   * The session hibernates no more.
   *
   * @returns where rows are to be removed
   */
  end(): readonly number[] {
    let position = this.#queue.acknowledgedTotal;
    const positions = [...this.#acknowledged];
    for (const owed of this.#queue.unacknowledged()) {
      position += 1;
      if (owed.rowTried) positions.push(position);
      owed.rowed = false;
    }
    return positions;
  }

  /** That it ended could not be written: it hibernates on. */
  goOn(): void {
    this.isDescribed = false;
    this.#awakes = false;
  }
}
