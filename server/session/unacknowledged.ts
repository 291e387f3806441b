import type { StreamError } from "#protocol/stream/stream-error.ts";
import { addToCount } from "#protocol/stream/sm/counter.ts";
import { SmQueue, type SmQueueLimits } from "#protocol/stream/sm/queue.ts";
import { serializeBytes } from "#protocol/xml/serialize.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Account } from "#kit/account.ts";
import type { Env, Timer } from "#kit/env.ts";
import type { MessageDelivery } from "#kit/server-module.ts";
import type { Stanza } from "#kit/stanza.ts";
import { storedXml } from "#kit/stored-xml.ts";
import { refuse } from "../host/refusal.ts";
import type { HibernatedSession, OwedValue, Reached, StoredHibernation } from "./hibernation.ts";
import {
  acknowledgedAhead,
  isLasting,
  isLost,
  letGo,
  newlyOwed,
  owedAgain,
  stanzaOfRow,
  type Owed,
  type StoredOwed,
} from "./owed-stanza.ts";

/**
 * What waits to be certain: entries that were just secured, those that just got a row of the session's own, and those whose
 * row says anew who else has them, with what it said before.
 */
interface Writing {
  readonly secured: Owed[];
  readonly rowed: Owed[];
  readonly told: { readonly owed: Owed; readonly before: Reached }[];
  /** Where rows are removed. */
  readonly withdrawn: readonly number[];
  readonly session: boolean;
}

/** How long a client may leave a message unacknowledged before it is written down; and until what failed is tried again. */
export const securedAfterMs = 2_000;

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
  /** When what is stored of the session, which is over, is tried again to be removed. */
  #removal: Timer | undefined;
  /** Batches of which it is not certain yet whether they are written. */
  #securing = 0;
  /** Stanzas that are late. */
  #late = 0;
  /** So many of the oldest are written down as far as they are to be. */
  #done = 0;
  #hibernation: Hibernation | undefined;
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
    this.#hibernation = {
      ...hibernationOf(restored.stored, restored.describe),
      written: true,
      whole: true,
    };
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
    return this.#hibernation !== undefined;
  }

  /** Whether all that it owes is stored. */
  get isWhole(): boolean {
    return this.#hibernation?.whole === true;
  }

  /** Whether all that is known of it here is stored, so that nothing would be missed if this object went away. */
  get isAtRest(): boolean {
    const hibernation = this.#hibernation;
    if (hibernation?.whole !== true || !hibernation.written || hibernation.awakes || this.#handed) return false;
    if (this.#securing > 0 || this.#timer !== undefined || hibernation.acknowledged.length > 0) return false;
    if (hibernation.withdrawn.length > 0) return false;
    return this.#done === this.#queue.size && this.#queue.unacknowledged().every(({ held }) => !held);
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
    if (owed.rowTried && this.#hibernation !== undefined) {
      // It may be there all the same, and would come to the client after a restart.
      this.#hibernation.withdrawn.push(this.#queue.acknowledgedTotal + entries.indexOf(owed) + 1);
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
      if (owed.rowTried) this.#hibernation?.acknowledged.push(position);
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
    const hibernation = this.#hibernation;
    const withdrawn = hibernation?.withdrawn.splice(0) ?? [];
    const writing: Writing = { secured: [], rowed: [], told: [], withdrawn, session: hibernation?.written === false };
    if (withdrawn.length > 0) hibernation?.stored.takeBack(withdrawn);
    if (hibernation?.written === false) {
      hibernation.written = true;
      this.#stored();
      hibernation.stored.writeSession(hibernation.describe());
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
      if (hibernation !== undefined && !owed.rowed && (hibernation.whole || isLasting(this.#account, stanza))) {
        owed.rowed = owed.rowTried = true;
        writing.rowed.push(owed);
        const value = this.#valueOf(owed, stanza);
        owed.rowSays = value.reached;
        owed.rowHasText = value.text !== undefined;
        hibernation.stored.append(position, value);
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
  #tellWhoElse({ stored }: Hibernation): void {
    const writing: Writing = { secured: [], rowed: [], told: [], withdrawn: [], session: false };
    let position = this.#queue.acknowledgedTotal;
    for (const owed of this.#queue.unacknowledged()) {
      position += 1;
      const { stanza, secured, rowSays } = owed;
      if (!owed.rowed || typeof secured !== "string") continue;
      const reached = this.#messages.reached(this.#account, secured, stanza) ?? rowSays;
      // What only its row has stays as it is: better twice than never.
      if (reached === rowSays || (owed.rowHasText && stanza === undefined)) continue;
      owed.rowSays = reached;
      writing.told.push({ owed, before: rowSays });
      const text = owed.rowHasText && stanza !== undefined ? storedXml.encode(stanza.element) : undefined;
      stored.append(position, { name: secured, text, reached });
    }
    this.#whenWritten(writing);
  }

  #written({ secured, rowed }: Writing): void {
    this.#securing -= 1;
    for (const owed of secured) letGo(owed);
    for (const owed of rowed) this.#letBeReadBack(owed);
  }

  #letBeReadBack(owed: Owed): void {
    const { stanza } = owed;
    // Somebody waits until it is taken, though it is safe: who is to be told must not be forgotten.
    if (this.#hibernation?.awakes !== false || stanza === undefined || owed.held) return;
    // Of a message that another session was given too it must be known which it is.
    if (this.#isShared(stanza) || (owed.rowHasText && typeof owed.secured === "string")) return;
    owed.stanza = undefined;
    owed.bytes = undefined;
  }

  #unwritten({ secured, rowed, told, withdrawn, session }: Writing): void {
    this.#securing -= 1;
    this.#hibernation?.withdrawn.push(...withdrawn);
    for (const { owed, before } of told) owed.rowSays = before;
    for (const owed of secured) owed.secured = undefined;
    for (const owed of rowed) owed.rowed = false;
    if (session && this.#hibernation !== undefined) this.#hibernation.written = false;
    this.#done = 0;
    this.#tryLater();
  }

  /**
   * The stream is cut and all that came on it is settled: from now on what is needed to go on after a restart is stored.
   *
   * @param describe what there is to be stored of the session itself
   */
  hibernate(stored: StoredHibernation, describe: () => HibernatedSession): void {
    this.#hibernation = hibernationOf(stored, describe);
    this.#done = 0;
    this.secure();
  }

  /** What there is to be stored of the session itself has changed. */
  describeAgain(): void {
    if (this.#hibernation === undefined) return;
    this.#hibernation.written = false;
    this.secure();
  }

  /** The server stops, or nobody has needed the account for a while: what others show of their availability is written too. */
  completeHibernation(): void {
    const hibernation = this.#hibernation;
    if (hibernation === undefined || this.#handed) return;
    if (!hibernation.whole) {
      hibernation.whole = true;
      hibernation.written = false;
      this.#done = 0;
    }
    this.secure();
    this.#tellWhoElse(hibernation);
  }

  /**
   * Reads back what has left the memory.
   *
   * @throws StoreError
   */
  async readBack(): Promise<void> {
    const hibernation = this.#hibernation;
    if (hibernation === undefined) return;
    hibernation.awakes = true;
    try {
      await this.#readBack(hibernation);
    } catch (error) {
      hibernation.awakes = false;
      throw error;
    }
  }

  async #readBack(hibernation: Hibernation): Promise<void> {
    const away = this.#queue.unacknowledged().filter((owed) => owed.stanza === undefined && !isLost(owed));
    if (away.length === 0) return;
    const names = away.flatMap(({ secured, rowHasText }) => (rowHasText ? [] : (secured ?? [])));
    const messages =
      names.length === 0 ? new Map<string, Stanza>() : await this.#messages.readBack(this.#account, names);
    const others = names.length === away.length ? new Map<number, OwedValue>() : await hibernation.stored.read();
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
   * The session goes on: what is stored of it is forgotten, as a part of the account's batch.
   *
   * @returns to be run when that batch cannot be written: it hibernates on
   */
  forgetHibernation(): (() => void) | undefined {
    const hibernation = this.#hibernation;
    if (hibernation === undefined) return undefined;
    hibernation.stored.remove(this.#endHibernation(hibernation));
    return () => {
      this.#hibernation = { ...hibernation, written: false, awakes: false };
      this.#done = 0;
      this.#tryLater();
    };
  }

  /** Where the rows are that were written. */
  #endHibernation(hibernation: Hibernation): readonly number[] {
    this.#hibernation = undefined;
    let position = this.#queue.acknowledgedTotal;
    const positions = [...hibernation.acknowledged];
    for (const owed of this.#queue.unacknowledged()) {
      position += 1;
      if (owed.rowTried) positions.push(position);
      owed.rowed = false;
    }
    return positions;
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
    const handOn = (): void => {
      this.#timer?.cancel();
      for (const owed of this.#queue.unacknowledged()) this.#handOn(owed);
    };
    if (this.#securing === 0) return handOn();
    // Where that has failed it is read first what is stored.
    const next = (): void => this.#account.postNext(handOn);
    this.#account.whenDurable(next, next);
  }

  /**
   * The session ends: what is stored of it is forgotten ere anything is done about what it owes, so that a crash cannot have
   * that done twice. Rows of messages stay. To be called where the account commits what was written ahead of waiting.
   */
  endHibernation(): Promise<void> | undefined {
    const hibernation = this.#hibernation;
    if (hibernation === undefined) return undefined;
    this.#remove(hibernation.stored, this.#endHibernation(hibernation));
    return new Promise((resolve) => this.#account.whenDurable(resolve, () => resolve()));
  }

  /** Tried until it is certain: it must not come back with the next restart. */
  #remove(stored: StoredHibernation, positions: readonly number[]): void {
    stored.remove(positions);
    this.#account.whenDurable(nothing, () => {
      const again = (): void => this.#account.post(() => this.#remove(stored, positions));
      this.#removal = this.#env.setTimer(securedAfterMs, again);
    });
  }

  /** Nothing happens any more: the server stops. */
  [Symbol.dispose](): void {
    this.#timer?.cancel();
    this.#removal?.cancel();
  }

  #handOn(owed: Owed): void {
    const { stanza, secured } = owed;
    if (stanza === undefined) return;
    if (stanza.kind === "message") {
      const kept = typeof secured === "string" ? stanza.storedAs(secured) : stanza;
      // [xep0198-4-09] [xep0198-4-10]
      if (owed.reachedBefore !== "unknown") this.#messages.undelivered(this.#account, kept, "session-ended");
      // Those who are here may have it; whoever comes next may not.
      else if (kept.stored !== undefined) this.#messages.undelivered(this.#account, kept, "no-recipient");
    } else if (stanza.kind === "iq") {
      // Who asked must not wait for an answer that nobody will give. [rfc6120-8.2.3-04]
      refuse(this.#account.host, stanza, new StanzaError("service-unavailable"));
    }
    const release = (): void => letGo(owed, stanza);
    this.#account.whenDurable(release, release);
  }

  #tryLater(): void {
    this.#timer ??= this.#env.setTimer(securedAfterMs, this.#secureLater);
  }

  readonly #secureLater = (): void => {
    this.#timer = undefined;
    const isToWrite = this.#hibernation?.written === false || (this.#hibernation?.withdrawn.length ?? 0) > 0;
    if (this.#done < this.#queue.size || isToWrite) this.#account.post(() => this.secure());
  };
}

/** What was stored of a session. */
export interface Restored extends StoredOwed {
  readonly stored: StoredHibernation;
  readonly describe: () => HibernatedSession;
}

interface Hibernation {
  readonly stored: StoredHibernation;
  readonly describe: () => HibernatedSession;
  /** Whether what describes the session is, or is being, written down as it is. */
  written: boolean;
  /** Whether the availability of others is written down too. */
  whole: boolean;
  /** What has left the memory has been read back, and nothing leaves it any more. */
  awakes: boolean;
  /** Where the rows are of what the client has acknowledged since. */
  readonly acknowledged: number[];
  /** Where rows may be of what was withdrawn: to be removed as soon as that can be. */
  readonly withdrawn: number[];
}

function hibernationOf(stored: StoredHibernation, describe: () => HibernatedSession): Hibernation {
  return { stored, describe, written: false, whole: false, awakes: false, acknowledged: [], withdrawn: [] };
}

function nothing(): void {}
