import type { StreamError } from "#protocol/stream/stream-error.ts";
import { addToCount } from "#protocol/stream/sm/counter.ts";
import { SmQueue, type SmQueueLimits } from "#protocol/stream/sm/queue.ts";
import type { Account } from "#kit/account.ts";
import type { Env, Timer } from "#kit/env.ts";
import type { MessageDelivery } from "#kit/server-module.ts";
import type { Stanza } from "#kit/stanza.ts";
import { handOn } from "./hand-on.ts";
import type { HibernatedSession, StoredHibernation } from "./hibernation.ts";
import { OwedRows, type ToldRow } from "./owed-rows.ts";
import {
  acknowledgedAhead,
  isLost,
  letGo,
  newlyOwed,
  owedAgain,
  securedAfterMs,
  type Owed,
  type StoredOwed,
} from "./owed-stanza.ts";
import { Removal } from "./removal.ts";

/**
 * What waits to be certain: entries that were just secured, those that just got a row of the session's own, and rows that say
 * anew who else has what they stand for.
 */
interface Writing {
  readonly secured: Owed[];
  readonly rowed: Owed[];
  readonly told: readonly ToldRow[];
  /** Where rows are removed. */
  readonly withdrawn: readonly number[];
  readonly session: boolean;
}

/**
 * The stanzas that a session with stream management owes to its client (XEP-0198 §4). What its sender may be told is
 * safe is either acknowledged by the client or written down: a message that stays unacknowledged, because the stream
 * is cut or the client is slow, is made durable and forgotten when the acknowledgement comes.
 *
 * While the session hibernates everything that it owes is written down, so that it can go on after a restart: all but the
 * availability of others, which can be asked for again. What is written down leaves the memory and is read back.
 */
export class Unacknowledged {
  readonly #queue: SmQueue<Owed>;
  readonly #account: Account;
  readonly #messages: MessageDelivery;
  readonly #env: Env;
  #timer: Timer | undefined;
  /** Of what is stored of the session, once it is over. */
  #removal: Removal | undefined;
  /** Batches of which it is not certain yet whether they are written. */
  #securing = 0;
  /** Stanzas that are late. */
  #late = 0;
  /** So many of the oldest are written down as far as they are to be. */
  #done = 0;
  /** While it hibernates. */
  #rows: OwedRows | undefined;
  /** It is the one step's that decides about what reached nobody: what is tried again later must not be. */
  #handed = false;
  readonly #waits: (stanza: Stanza) => void;
  readonly #stored: () => void;

  constructor(
    parts: {
      readonly account: Account;
      readonly messages: MessageDelivery;
      readonly env: Env;
      readonly limits: SmQueueLimits;
      /** Told once of each stanza that the client does not take for long. */
      readonly waits: (stanza: Stanza) => void;
      /** Told when what there is to be stored of the session is written down; what is written meanwhile is of the same batch. */
      readonly stored: () => void;
    },
    restored?: Restored,
  ) {
    this.#account = parts.account;
    this.#waits = parts.waits;
    this.#stored = parts.stored;
    this.#messages = parts.messages;
    this.#env = parts.env;
    this.#queue = new SmQueue(
      parts.limits,
      restored && { acknowledgedTotal: acknowledgedAhead(restored), entries: owedAgain(restored) },
    );
    if (restored === undefined) return;
    this.#late = this.#done = this.#queue.size;
    // What comes from now on is written down with all the rest, availability too: the account may soon sleep again.
    this.#rows = this.#newRows(restored.stored, restored.describe);
    this.#rows.isDescribed = this.#rows.isWhole = true;
    for (const value of restored.rows.values())
      if (value.name !== undefined) this.#messages.claim(this.#account, value.name, value.reached === "somebody");
    // What the client acknowledged in a resumption that came to nothing, say: its rows are to be removed with the others.
    this.acknowledge(addToCount(restored.acknowledged, 0));
  }

  get size(): number {
    return this.#queue.size;
  }

  /** Whether the client has left something unacknowledged for long. */
  get late(): boolean {
    return this.#late > 0;
  }

  /** Whether something of it is stored that must be forgotten ere the session goes on. */
  get hibernates(): boolean {
    return this.#rows !== undefined;
  }

  /** Whether all that it owes is stored. */
  get isWhole(): boolean {
    return this.#rows?.isWhole === true;
  }

  /** Whether all that is known of it here is stored, so that nothing would be missed if this object went away. */
  get isAtRest(): boolean {
    const isUnderWay = this.#handed || this.#securing > 0 || this.#timer !== undefined;
    if (isUnderWay || this.#rows?.isUpToDate !== true || this.#done !== this.#queue.size) return false;
    return this.#queue.unacknowledged().every(({ held }) => !held);
  }

  /** How many stanzas the client has acknowledged since the session began, and how many it was to be sent. */
  get totals(): { readonly acknowledged: number; readonly sent: number } {
    const acknowledged = this.#queue.acknowledgedTotal;
    return { acknowledged, sent: acknowledged + this.#queue.size };
  }

  /** False when a bound is hit; the stanza is then not owed and the session must end. */
  add(stanza: Stanza, bytes: string): boolean {
    const owed = newlyOwed(stanza, bytes);
    if (!this.#queue.push(owed)) return false;
    if (owed.held) stanza.hold();
    this.#tryLater();
    return true;
  }

  /** What caused a stanza that nobody has seen yet was not written: its place stays empty. */
  withdraw(stanza: Stanza): boolean {
    const entries = this.#queue.unacknowledged();
    const owed = entries.find((each) => each.stanza === stanza);
    if (owed === undefined) return false;
    letGo(owed);
    owed.stanza = owed.bytes = undefined;
    owed.rowed = false;
    if (owed.rowTried && this.#rows !== undefined) {
      // It may be there all the same, and would come to the client after a restart.
      this.#rows.withdraw(this.#queue.acknowledgedTotal + entries.indexOf(owed) + 1);
      // Behind what puts back its cause.
      this.#account.post(() => this.secure());
    }
    return true;
  }

  /** The client has handled `h` stanzas. Returns the stream error for a count of stanzas that were never sent (S8). */
  acknowledge(h: number): StreamError | undefined {
    const result = this.#queue.acknowledge(h);
    if (result.type === "tooHigh") return result.error;
    this.#done = Math.max(0, this.#done - result.entries.length);
    const discharged: string[] = [];
    let position = this.#queue.acknowledgedTotal - result.entries.length;
    for (const owed of result.entries) {
      position += 1;
      if (owed.rowTried) this.#rows?.acknowledged(position);
      if (owed.late) this.#late -= 1;
      if (typeof owed.secured === "string") discharged.push(owed.secured);
      letGo(owed);
    }
    if (discharged.length > 0) this.#account.post((account) => this.#messages.discharge(account, discharged));
    return undefined;
  }

  /** What must be sent again after a resumption, oldest first. What is lost is not among what is owed any more. */
  bytesToRepeat(): readonly string[] {
    this.#queue.dropWhere(isLost);
    this.#late = this.#queue.unacknowledged().filter(({ late }) => late).length;
    this.#done = Math.min(this.#done, this.#queue.size);
    return this.#queue.unacknowledged().flatMap((owed) => owed.bytes ?? []);
  }

  /**
   * Writes down what is owed; what cannot be written now is tried again later. To be called from within the account's work,
   * or when something written has become durable.
   */
  secure(): void {
    if (this.#handed) return;
    this.tellLate();
    const rows = this.#rows;
    const session = rows?.isDescribed === false;
    const writing: Writing = { secured: [], rowed: [], told: [], withdrawn: rows?.takeBack() ?? [], session };
    if (session) {
      rows.isDescribed = true;
      this.#stored();
      rows.writeSession();
    }
    let position = this.#queue.acknowledgedTotal + this.#done;
    for (const owed of this.#queue.unacknowledged(this.#done)) {
      position += 1;
      const { stanza } = owed;
      if (stanza === undefined) continue;
      if (owed.secured === undefined) {
        owed.secured = (stanza.kind === "message" ? this.#messages.secure(this.#account, stanza) : undefined) ?? null;
        writing.secured.push(owed);
      }
      if (rows?.lacks(owed, stanza) === true) {
        writing.rowed.push(owed);
        rows.append(position, owed, stanza);
      }
    }
    this.#done = this.#queue.size;
    this.#whenWritten(writing);
  }

  #whenWritten(writing: Writing): void {
    const { secured, rowed, told, withdrawn, session } = writing;
    if (secured.length + rowed.length + told.length + withdrawn.length === 0 && !session) return;
    this.#securing += 1;
    this.#account.whenDurable(
      () => this.#written(writing),
      () => this.#unwritten(writing),
    );
  }

  #written({ secured, rowed }: Writing): void {
    this.#securing -= 1;
    for (const owed of secured) letGo(owed);
    for (const owed of rowed) this.#rows?.letGo(owed);
  }

  #unwritten({ secured, rowed, told, withdrawn, session }: Writing): void {
    this.#securing -= 1;
    this.#rows?.withdraw(...withdrawn);
    for (const { owed, before } of told) owed.rowSays = before;
    for (const owed of secured) owed.secured = undefined;
    for (const owed of rowed) owed.rowed = false;
    if (session && this.#rows !== undefined) this.#rows.isDescribed = false;
    this.#done = 0;
    this.#tryLater();
  }

  /**
   * The stream is cut and all that came on it is settled: from now on what is needed to go on after a restart is stored.
   *
   * @param describe what there is to be stored of the session itself
   */
  hibernate(stored: StoredHibernation, describe: () => HibernatedSession): void {
    this.#rows = this.#newRows(stored, describe);
    this.#done = 0;
    this.secure();
  }

  #newRows(stored: StoredHibernation, describe: () => HibernatedSession): OwedRows {
    return new OwedRows({ account: this.#account, messages: this.#messages, queue: this.#queue }, stored, describe);
  }

  /** What there is to be stored of the session itself has changed. */
  describeAgain(): void {
    if (this.#rows === undefined) return;
    this.#rows.isDescribed = false;
    this.secure();
  }

  /** The server stops, or nobody has needed the account for a while: what others show of their availability is written too. */
  completeHibernation(): void {
    const rows = this.#rows;
    if (rows === undefined || this.#handed) return;
    if (!rows.isWhole) {
      rows.isWhole = true;
      rows.isDescribed = false;
      this.#done = 0;
    }
    this.secure();
    this.#whenWritten({ secured: [], rowed: [], told: rows.tellWhoElse(), withdrawn: [], session: false });
  }

  /**
   * Reads back what has left the memory.
   *
   * @throws StoreError
   */
  readBack(): Promise<void> {
    return this.#rows?.readBack() ?? Promise.resolve();
  }

  /**
   * The session goes on: what is stored of it is forgotten, as a part of the account's batch.
   *
   * @returns to be run when that batch cannot be written: it hibernates on
   */
  forgetHibernation(): (() => void) | undefined {
    const rows = this.#rows;
    if (rows === undefined) return undefined;
    rows.stored.remove(this.#endRows(rows));
    return () => {
      rows.goOn();
      this.#rows = rows;
      this.#done = 0;
      this.#tryLater();
    };
  }

  /** @returns where rows are to be removed */
  #endRows(rows: OwedRows): readonly number[] {
    this.#rows = undefined;
    return rows.end();
  }

  /** The client is away, or slow: whoever wants to know what waits for it is told. */
  tellLate(): void {
    if (this.#late === this.#queue.size) return;
    // Those that are late already come before all others.
    for (const owed of this.#queue.unacknowledged(this.#late)) {
      owed.late = true;
      this.#late += 1;
      if (owed.stanza !== undefined) this.#waits(owed.stanza);
    }
  }

  /**
   * The session will not come back: everything goes to the one step that decides about it, once it is certain what of it
   * is written down. From within the account's work, after what has left the memory was read back.
   */
  hand(): void {
    this.#handed = true;
    this.#timer?.cancel();
    this.tellLate();
    const handAll = (): void => {
      this.#timer?.cancel();
      const owner = { account: this.#account, messages: this.#messages };
      for (const owed of this.#queue.unacknowledged()) handOn(owner, owed);
    };
    if (this.#securing === 0) return handAll();
    // Where that has failed it is read first what is stored.
    const next = (): void => this.#account.postNext(handAll);
    this.#account.whenDurable(next, next);
  }

  /**
   * The session ends: what is stored of it is forgotten ere anything is done about what it owes, so that a crash cannot have
   * that done twice. Rows of messages stay. To be called where the account commits what was written ahead of waiting.
   */
  endHibernation(): Promise<void> | undefined {
    const rows = this.#rows;
    if (rows === undefined) return undefined;
    this.#removal = new Removal({ account: this.#account, env: this.#env }, rows.stored, this.#endRows(rows));
    this.#removal.begin();
    return new Promise((resolve) => this.#account.whenDurable(resolve, () => resolve()));
  }

  /** Nothing happens any more: the server stops. */
  [Symbol.dispose](): void {
    this.#timer?.cancel();
    this.#removal?.[Symbol.dispose]();
  }

  #tryLater(): void {
    this.#timer ??= this.#env.setTimer(securedAfterMs, this.#secureLater);
  }

  readonly #secureLater = (): void => {
    this.#timer = undefined;
    if (this.#done < this.#queue.size || this.#rows?.isBehind === true) this.#account.post(() => this.secure());
  };
}

/** What was stored of a session. */
export interface Restored extends StoredOwed {
  readonly stored: StoredHibernation;
  readonly describe: () => HibernatedSession;
}
