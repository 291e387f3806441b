import type { StreamError } from "#protocol/stream/stream-error.ts";
import { SmQueue, type SmEntry, type SmQueueLimits } from "#protocol/stream/sm/queue.ts";
import { serializeBytes } from "#protocol/xml/serialize.ts";
import { bareOf, parseJid } from "#protocol/jid/jid.ts";
import { stanzaKindOf } from "#protocol/stanza/stanza-kind.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Account } from "#kit/account.ts";
import type { Env, Timer } from "#kit/env.ts";
import type { MessageDelivery } from "#kit/server-module.ts";
import { stanzaOf, type Stanza } from "#kit/stanza.ts";
import { storedXml } from "#kit/stored-xml.ts";
import { refuse } from "../host/refusal.ts";
import type { HibernatedSession, OwedValue, StoredHibernation } from "./hibernation.ts";

/** A stanza that the client has not acknowledged. */
interface Owed extends SmEntry {
  /** Undefined while it can be read back, and for one that is lost. */
  stanza: Stanza | undefined;
  bytes: string | undefined;
  /** Under which name it was made durable; null when it is not one to be kept. */
  secured: string | null | undefined;
  /** Whether its sender's acknowledgement waits for it. Only messages make anybody wait. */
  held: boolean;
  /** Whether it was told that it waits for the client. */
  late: boolean;
  /** Whether it is, or is being, written down for the session to go on with after a restart. */
  rowed: boolean;
  /** Whether, before a restart, another session was given the same message. */
  readonly shared: boolean;
}

/** What waits to be certain: entries that were just secured, and those that just got a row of the session's own. */
interface Writing {
  readonly secured: Owed[];
  readonly rowed: Owed[];
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

  constructor(
    parts: {
      readonly account: Account;
      readonly messages: MessageDelivery;
      readonly env: Env;
      readonly limits: SmQueueLimits;
      /** Told once of each stanza that the client does not take for long. */
      readonly waits: (stanza: Stanza) => void;
    },
    restored?: Restored,
  ) {
    this.#account = parts.account;
    this.#waits = parts.waits;
    this.#messages = parts.messages;
    this.#env = parts.env;
    const entries = restored === undefined ? undefined : entriesOf(restored);
    this.#queue = new SmQueue(
      parts.limits,
      restored && { acknowledgedTotal: restored.acknowledged, entries: entries ?? [] },
    );
    if (restored === undefined) return;
    this.#late = this.#done = this.#queue.size;
    this.#hibernation = hibernationOf(restored.stored, restored.describe, true);
    const names = [...restored.rows.values()].flatMap((value) => ("name" in value ? value.name : []));
    if (names.length > 0) this.#messages.claim(this.#account, names);
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

  /** How many stanzas the client has acknowledged since the session began, and how many it was to be sent. */
  get totals(): { readonly acknowledged: number; readonly sent: number } {
    const acknowledged = this.#queue.acknowledgedTotal;
    return { acknowledged, sent: acknowledged + this.#queue.size };
  }

  /** False when a bound is hit; the stanza is then not owed and the session must end. */
  add(stanza: Stanza, bytes: string): boolean {
    const isMessage = stanza.kind === "message";
    const secured = isMessage ? stanza.stored : null;
    const owed: Owed = {
      size: bytes.length,
      stanza,
      bytes,
      secured,
      held: isMessage,
      late: false,
      rowed: false,
      shared: false,
    };
    if (!this.#queue.push(owed)) return false;
    if (isMessage) stanza.hold();
    this.#tryLater();
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
      if (owed.rowed) this.#hibernation?.acknowledged.push(position);
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
    const writing: Writing = { secured: [], rowed: [], session: hibernation?.written === false };
    if (hibernation?.written === false) {
      hibernation.written = true;
      // What its client has and could not be removed would come to it once more: it goes in the batch that tells how far it is.
      this.#messages.discharge(this.#account, []);
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
        owed.rowed = true;
        writing.rowed.push(owed);
        hibernation.stored.append(position, this.#valueOf(owed, stanza));
      }
    }
    this.#done = this.#queue.size;
    if (writing.secured.length === 0 && writing.rowed.length === 0 && !writing.session) return;
    this.#securing += 1;
    this.#account.whenDurable(
      () => this.#written(writing),
      () => this.#unwritten(writing),
    );
  }

  #valueOf({ secured, shared }: Owed, stanza: Stanza): OwedValue {
    const isShared = shared || this.#isShared(stanza);
    return typeof secured === "string"
      ? { name: secured, shared: isShared }
      : { text: storedXml.encode(stanza.element), shared: isShared };
  }

  #isShared(stanza: Stanza): boolean {
    return stanza.kind === "message" && !this.#messages.mayLetGo(stanza);
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
    if (owed.shared || this.#isShared(stanza)) return;
    owed.stanza = undefined;
    owed.bytes = undefined;
  }

  #unwritten({ secured, rowed, session }: Writing): void {
    this.#securing -= 1;
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
    this.#hibernation = hibernationOf(stored, describe, false);
    this.#done = 0;
    this.secure();
  }

  /** What there is to be stored of the session itself has changed. */
  describeAgain(): void {
    if (this.#hibernation === undefined) return;
    this.#hibernation.written = false;
    this.secure();
  }

  /** The server stops: what others show of their availability is written down as well. */
  completeHibernation(): void {
    if (this.#hibernation === undefined) return;
    this.#hibernation.whole = true;
    this.#hibernation.written = false;
    this.#done = 0;
    this.secure();
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
    const names = away.flatMap(({ secured }) => secured ?? []);
    const messages =
      names.length === 0 ? new Map<string, Stanza>() : await this.#messages.readBack(this.#account, names);
    const others = names.length === away.length ? new Map<number, OwedValue>() : await hibernation.stored.read();
    let position = this.#queue.acknowledgedTotal;
    for (const owed of this.#queue.unacknowledged()) {
      position += 1;
      if (owed.stanza !== undefined || isLost(owed)) continue;
      const { secured } = owed;
      const stanza =
        typeof secured === "string" ? messages.get(secured) : stanzaOfText(this.#account, others.get(position));
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
      if (owed.rowed) positions.push(position);
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
    if (this.#securing === 0) handOn();
    else this.#account.whenDurable(handOn, handOn);
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
      this.#timer = this.#env.setTimer(securedAfterMs, () => this.#account.post(() => this.#remove(stored, positions)));
    });
  }

  /** Nothing happens any more: the server stops. */
  [Symbol.dispose](): void {
    this.#timer?.cancel();
  }

  #handOn(owed: Owed): void {
    const { stanza, secured } = owed;
    if (stanza === undefined) return;
    if (stanza.kind === "message") {
      const kept = typeof secured === "string" ? stanza.storedAs(secured) : stanza;
      // [xep0198-4-09] [xep0198-4-10]
      if (!owed.shared) this.#messages.undelivered(this.#account, kept, "session-ended");
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
    if (this.#done < this.#queue.size || this.#hibernation?.written === false) this.#account.post(() => this.secure());
  };
}

/** What was stored of a session. */
export interface Restored {
  readonly acknowledged: number;
  readonly sent: number;
  readonly rows: ReadonlyMap<number, OwedValue>;
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
}

function hibernationOf(stored: StoredHibernation, describe: () => HibernatedSession, written: boolean): Hibernation {
  return { stored, describe, written, whole: false, awakes: false, acknowledged: [] };
}

/** Counts go on where they were: what was not written down, availability that came before a crash, leaves its place empty. */
function entriesOf({ acknowledged, sent, rows }: Restored): readonly Owed[] {
  const last = Math.max(sent, ...rows.keys());
  const entries: Owed[] = [];
  for (let position = acknowledged + 1; position <= last; position += 1) {
    const value = rows.get(position);
    const secured = value !== undefined && "name" in value ? value.name : null;
    const size = value !== undefined && "text" in value ? value.text.length : 0;
    entries.push({
      size,
      stanza: undefined,
      bytes: undefined,
      secured,
      held: false,
      late: true,
      rowed: value !== undefined,
      shared: value?.shared === true,
    });
  }
  return entries;
}

/** A stanza of which nothing is left: it is not sent again. */
function isLost({ stanza, rowed }: Owed): boolean {
  return stanza === undefined && !rowed;
}

/** Whether something must survive a crash for the session to go on: all but the availability of others. */
function isLasting(account: Account, { kind, type, from }: Stanza): boolean {
  return kind !== "presence" || (type !== undefined && type !== "unavailable") || bareOf(from) === account.jid;
}

function stanzaOfText(account: Account, value: OwedValue | undefined): Stanza | undefined {
  if (value === undefined || "name" in value) return undefined;
  const element = storedXml.decode(value.text);
  const kind = stanzaKindOf(element);
  // What the account says to its own clients need not name it.
  const from = parseJid(element.attr("from") ?? account.jid);
  if (kind === undefined || from === undefined) return undefined;
  return stanzaOf(kind, element, from, parseJid(element.attr("to") ?? ""));
}

function nothing(): void {}

/** Its sender need not wait for this session any more. */
function letGo(owed: Owed, stanza: Stanza | undefined = owed.stanza): void {
  if (!owed.held) return;
  owed.held = false;
  stanza?.release();
}
