import type { XmlElement } from "#protocol/xml/element.ts";
import { domainOf, parseJid } from "#protocol/jid/jid.ts";
import { stanzaKindOf } from "#protocol/stanza/stanza-kind.ts";
import { randomToken, type Env, type Timer } from "#kit/env.ts";
import type { Log } from "#kit/log.ts";
import { storedXml } from "#kit/stored-xml.ts";
import { Stanza } from "#kit/stanza.ts";
import type { ArchiveShape, Store, Write } from "#kit/storage.ts";
import { Mailbox } from "../account/mailbox.ts";
import { isOutage } from "../store-log.ts";
import { HeldErrors } from "./held-errors.ts";
import { isLasting } from "./lasting.ts";
import { withSteadyClock } from "./steady-clock.ts";

/** What was on its way out of this server and waited; of all who send, in the order in which it came. */
export const outgoingShape: ArchiveShape = { shape: "archive", name: "outgoing", version: 1 };
/** Under an owner that is no address. */
const owner = ".";
/** How long something may wait for its way out before it is written down; and until what failed is tried again. */
export const securedAfterMs = 2_000;
const pageRows = 200;

/**
 * The duty to bring a stanza out of this server, or back to its sender: until it is discharged, or written down, the
 * sender's stream is not told that the stanza is safe.
 */
export interface Duty {
  /** The stanza is there, or somebody else answers for it from now on. */
  readonly discharge: () => void;
  /** For the error that the sender gets instead: the duty is discharged when that is settled. */
  readonly handOver: () => NonNullable<Stanza["settlement"]>;
  /**
   * Of an error about a message, since when it has been on its way: it waits for its recipient's server longer than all
   * else, since there is nobody whom it could go back to.
   */
  readonly heldSince: number | undefined;
}

/**
 * Looks after stanzas that leave this server. Most are gone before anything is written; what waits for long is made
 * durable, so that neither its sender nor a restart of ours has to wait for a peer that hangs.
 */
export class OutgoingStore {
  readonly #env: Env;
  readonly #log: Log;
  readonly #store: Store;
  readonly #heldErrors: HeldErrors;
  /** What is not old enough to be written, oldest first. */
  readonly #watched = new Mailbox<PendingDuty>();
  #next: PendingDuty | undefined;
  #timer: Timer | undefined;
  #removed: string[] = [];
  #removing: Timer | "soon" | undefined;
  readonly #epoch: string;
  #sequence = 0;
  #rows = 0;

  constructor(parts: {
    readonly env: Env;
    readonly log: Log;
    readonly store: Store;
    readonly heldErrors?: HeldErrors;
  }) {
    this.#env = withSteadyClock(parts.env);
    this.#log = parts.log;
    this.#store = parts.store;
    this.#heldErrors = parts.heldErrors ?? new HeldErrors();
    this.#epoch = randomToken(parts.env, 5);
  }

  /** Errors about messages that are on their way to other servers. */
  get heldErrors(): number {
    return this.#heldErrors.size;
  }

  /** Rows that are written at present. */
  get rows(): number {
    return this.#rows;
  }

  /** Takes on the duty for a stanza; undefined where nothing is to be promised about it. */
  take(stanza: Stanza): Duty | undefined {
    const { settlement } = stanza;
    if (settlement instanceof StoredRow) return this.#takeStored(stanza, settlement);
    if (stanza.type === "error") return this.#takeError(stanza);
    if (settlement instanceof KeptRow) {
      settlement.hold();
      return { discharge: once(() => settlement.release()), handOver: () => settlement, heldSince: undefined };
    }
    if (!isLasting(stanza)) return undefined;
    return this.#watch(new PendingDuty(stanza, this.#env.now(), { remove: this.#removeRow, holds: settlement }));
  }

  /** An error that nobody would miss more than its recipient, who thinks that the message has arrived. */
  #takeError(stanza: Stanza): Duty | undefined {
    const { kind, settlement, about = settlement instanceof KeptRow ? settlement : undefined } = stanza;
    const leave = kind === "message" && about !== undefined ? this.#heldErrors.enter(stanza) : undefined;
    if (leave === undefined) return undefined;
    const now = this.#env.now();
    const parts = { remove: this.#removeRow, holds: about, heldSince: now, discharged: leave };
    return this.#watch(new PendingDuty(stanza, now, parts));
  }

  #takeStored(stanza: Stanza, row: StoredRow): Duty | undefined {
    const leave = stanza.type === "error" ? this.#heldErrors.enter(stanza) : undefined;
    row.hold();
    const discharge = once(() => {
      row.release();
      leave?.();
    });
    const heldSince = leave === undefined ? undefined : Math.min(row.at, this.#env.now());
    return { discharge, handOver: () => row, heldSince };
  }

  #watch(duty: PendingDuty): Duty {
    this.#watched.add(duty);
    this.#schedule();
    return duty;
  }

  /** Writes down all that is under way, whatever its age: the server stops. */
  async secureAll(): Promise<void> {
    await this.#secure(Infinity);
  }

  /** Nothing is done any more. */
  close(): void {
    this.#timer?.cancel();
    if (this.#removing !== "soon") this.#removing?.cancel();
  }

  /**
   * What an earlier server left: each is sent on its way, and its row goes when it has arrived or was returned.
   *
   * @param send takes a stanza; its settlement is the row's
   * @throws StoreError
   */
  async readBack(send: (stanza: Stanza) => void): Promise<number> {
    let count = 0;
    let last: { readonly id: string; readonly row: StoredRow } | undefined;
    for (;;) {
      const after = last === undefined ? {} : { after: last.id };
      const page = await this.#store.page(outgoingShape.name, owner, { ...after, max: pageRows, direction: "forward" });
      // The next page is found by the last row of this one, which therefore stays so long.
      last?.row.release();
      last = undefined;
      if (!page.found) return count;
      for (const { id, at, value } of page.rows) {
        last?.row.release();
        count += 1;
        this.#rows += 1;
        const row = new StoredRow(at, () => this.remove([id]));
        last = { id, row };
        const stanza = decode(value, row);
        if (stanza !== undefined) send(stanza);
        else this.#log.warn({ row: id }, "a stanza that waited for its way out cannot be read; it is dropped");
      }
      if (page.complete) {
        last?.row.release();
        return count;
      }
    }
  }

  /** Removes rows, all of a turn at once; tried until it is certain. */
  remove(ids: readonly string[]): void {
    this.#removed.push(...ids);
    if (this.#removing !== undefined) return;
    this.#removing = "soon";
    this.#env.defer(this.#removeNow);
  }

  readonly #removeRow = (id: string): void => this.remove([id]);

  readonly #removeNow = (): void => {
    this.#removing = undefined;
    const ids = this.#removed;
    if (ids.length === 0) return;
    this.#removed = [];
    this.#store.commit([{ op: "remove", store: outgoingShape.name, owner, ids }]).then(
      () => {
        this.#rows -= ids.length;
      },
      (error: unknown) => {
        this.#tellFailure(error, "what has left the server cannot be forgotten at present");
        this.#removed.push(...ids);
        this.#removing ??= this.#env.setTimer(securedAfterMs, this.#removeNow);
      },
    );
  };

  #schedule(): void {
    if (this.#timer !== undefined) return;
    this.#next ??= this.#watched.take();
    while (this.#next?.discharged === true) this.#next = this.#watched.take();
    if (this.#next === undefined) return;
    const delayMs = this.#next.at + securedAfterMs - this.#env.now();
    this.#timer = this.#env.setTimer(Math.max(0, delayMs), () => {
      this.#timer = undefined;
      void this.#secure(this.#env.now() - securedAfterMs);
    });
  }

  /** Writes down what came until then. */
  async #secure(until: number): Promise<void> {
    const due: PendingDuty[] = [];
    this.#next ??= this.#watched.take();
    while (this.#next !== undefined && (this.#next.at <= until || this.#next.discharged)) {
      if (!this.#next.discharged) due.push(this.#next);
      this.#next = this.#watched.take();
    }
    this.#schedule();
    if (due.length === 0) return;
    const writes = due.map((duty) => this.#rowOf(duty));
    // Also where the answer is that it failed the rows may be there.
    for (const duty of due) if (duty.begin()) this.#rows += 1;
    try {
      await this.#store.commit(writes);
      for (const duty of due) duty.written();
    } catch (error) {
      this.#tellFailure(error, "what waits for its way out cannot be written down at present");
      for (const duty of due) duty.unwritten();
      this.#env.setTimer(securedAfterMs, () => {
        for (const duty of due) if (!duty.discharged) this.#watched.add(duty);
        this.#schedule();
      });
    }
  }

  #rowOf(duty: PendingDuty): Write {
    const { stanza, at } = duty;
    if (duty.row === undefined) this.#sequence += 1;
    // In the order in which they came, also those of one millisecond.
    duty.row ??= `${at.toString(36).padStart(9, "0")}${this.#sequence.toString(36).padStart(7, "0")}${this.#epoch}`;
    const id = duty.row;
    const recipient = domainOf(stanza.to ?? stanza.from);
    return { op: "append", store: outgoingShape.name, owner, id, at, with: recipient, value: stanza.text };
  }

  #tellFailure(error: unknown, text: string): void {
    this.#log[isOutage(error) ? "debug" : "warn"]({ error }, text);
  }
}

interface PendingParts {
  readonly remove: (row: string) => void;
  /** What is held until it is discharged or written down. */
  readonly holds: Stanza["settlement"];
  readonly heldSince?: number;
  readonly discharged?: () => void;
}

class PendingDuty implements Duty {
  readonly stanza: Stanza;
  readonly at: number;
  readonly #parts: PendingParts;
  /** Under which it is written, is being written, or was tried to be. */
  row: string | undefined;
  #writing: "not-tried" | "under-way" | "tried" = "not-tried";
  #held = true;
  discharged = false;

  constructor(stanza: Stanza, at: number, parts: PendingParts) {
    this.stanza = stanza;
    this.at = at;
    this.#parts = parts;
    parts.holds?.hold();
  }

  get heldSince(): number | undefined {
    return this.#parts.heldSince;
  }

  readonly discharge = (): void => {
    if (this.discharged) return;
    this.discharged = true;
    this.#letGo();
    if (this.#writing === "tried") this.#removeRow();
    this.#parts.discharged?.();
  };

  readonly handOver = (): NonNullable<Stanza["settlement"]> => new KeptRow(this.discharge);

  /** It is being written; true for the first time. */
  begin(): boolean {
    const isFirst = this.#writing === "not-tried";
    this.#writing = "under-way";
    return isFirst;
  }

  written(): void {
    this.#letGo();
    this.unwritten();
  }

  /** Whether it is written or not nobody knows: the same row is tried again, or removed when nobody needs it. */
  unwritten(): void {
    this.#writing = "tried";
    if (this.discharged) this.#removeRow();
  }

  #removeRow(): void {
    if (this.row !== undefined) this.#parts.remove(this.row);
  }

  #letGo(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#parts.holds?.release();
  }
}

/** Something that is done when nobody holds it any more. Begins with one hold. */
class KeptRow {
  #holds = 1;
  readonly #released: () => void;

  constructor(released: () => void) {
    this.#released = released;
  }

  readonly hold = (): void => {
    this.#holds += 1;
  };

  readonly release = (): void => {
    this.#holds -= 1;
    if (this.#holds === 0) this.#released();
  };
}

/** The row of a stanza that an earlier server left. */
class StoredRow extends KeptRow {
  /** When it was written for, in milliseconds since the epoch. */
  readonly at: number;

  constructor(at: number, released: () => void) {
    super(released);
    this.at = at;
  }
}

function decode(text: string, settlement: StoredRow): Stanza | undefined {
  let element: XmlElement;
  try {
    element = storedXml.decode(text);
  } catch {
    return undefined;
  }
  const kind = stanzaKindOf(element);
  const from = parseJid(element.attr("from") ?? "");
  const to = parseJid(element.attr("to") ?? "");
  if (kind === undefined || from === undefined || to === undefined) return undefined;
  const type = element.attr("type") ?? (kind === "message" ? "normal" : undefined);
  return new Stanza(kind, element, from, to, type, element.attr("id"), settlement);
}

function once(run: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    run();
  };
}
