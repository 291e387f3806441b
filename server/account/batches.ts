import type { BareJid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import type { Write } from "#kit/storage.ts";
import { saysWhatIsOwed } from "../session/hibernation.ts";
import type { AccountStage } from "./account-stage.ts";
import type { AccountStore } from "./account-store.ts";
import type { CarriedRows } from "./carried-rows.ts";
import { Outbox, type ReleasedEntry } from "./outbox.ts";
import { WriteJournal } from "./write-journal.ts";

export interface BatchesParts {
  readonly jid: BareJid;
  readonly store: AccountStore;
  readonly stage: Pick<AccountStage<Account>, "crashed" | "storeFailed">;
}

/**
 * What one account writes, a batch for each thing that it handles, and what waits behind it until it is durable: in order,
 * and not at all where it is a consequence of what could not be written.
 */
export class Batches {
  /** What values were ahead of batches that are under way, or of which it is not certain what became of them. */
  readonly journal = new WriteJournal();
  /** What is stored may not be what was read: it is to be read anew. */
  isStale = false;
  readonly #parts: BatchesParts;
  readonly #ended: () => void;
  /** What goes to other owners, behind this owner's own batches. */
  readonly #routes = new Outbox();
  /** What goes to this owner's sessions, behind those batches too that other owners commit for it. */
  readonly #outbox = new Outbox();
  /** The batch of what is being handled. */
  #writes: Write[] = [];
  /** So many first of them only say what hibernating sessions owe: that tries again, and causes nothing of what comes behind it. */
  #owed = 0;
  /** What other owners wrote that is part of the batch of what is being handled. */
  #carried: CarriedRows[] = [];
  /** The last batch that was issued; the last one that was before the present work began. */
  #issued = 0;
  #issuedBefore = 0;
  /** Batches that other owners commit for this one. */
  #lent = 0;
  /** How many of these say what hibernating sessions owe. */
  #lentOwed = 0;
  /** The first batch that failed since the data were read: what was written from there on may not be what is stored. */
  #unwritten: { readonly batch: number; readonly cause: unknown } | undefined;

  /** @param ended told when a batch has ended, well or badly, and what waited for it has left */
  constructor(parts: BatchesParts, ended: () => void) {
    this.#parts = parts;
    this.#ended = ended;
  }

  /** Something is written that is not on its way to the disc yet. */
  get isFilling(): boolean {
    return this.#writes.length > 0;
  }

  /** Something written is not durable yet, so that what is sent to sessions must wait. */
  get isGated(): boolean {
    return this.#writes.length > 0 || !this.#outbox.idle;
  }

  /** What goes to other owners need not wait. */
  get isWayFree(): boolean {
    return this.#writes.length === 0 && this.#routes.idle;
  }

  /** Nothing waits and nothing is being committed. */
  get isQuiet(): boolean {
    return this.#outbox.idle && this.#routes.idle;
  }

  /** How much waits. */
  get waiting(): number {
    return this.#outbox.size + this.#routes.size;
  }

  /** Something that was written since the data were read could not be. */
  get hasFailed(): boolean {
    return this.#unwritten !== undefined;
  }

  /** What is being filled, if anything, only says what hibernating sessions owe. */
  get onlyOwes(): boolean {
    return this.#writes.length === this.#owed;
  }

  /** Another owner commits, and has not yet, what says what hibernating sessions owe: the removal of it must come behind. */
  get owesElsewhere(): boolean {
    return this.#lentOwed > 0;
  }

  /** So does what was written since that was asked. */
  countAsOwed(): void {
    this.#owed = this.#writes.length;
  }

  /**
   * Whether what a hibernating session is sent just now can be a row of the batch that causes it. A message can even while
   * other batches are on their way, for it tells nothing of what they write; and so can a push, which tells what its own
   * batch writes and nothing else.
   */
  mayJoin(tells: "message" | "push" | "else"): boolean {
    if (this.#unwritten !== undefined) return false;
    if (this.#writes.length > 0) return tells !== "else" || !this.#outbox.committing;
    return tells === "message" && this.#issued === this.#issuedBefore;
  }

  /** Joins the batch that is being filled. */
  add(write: Write): void {
    this.#writes.push(write);
  }

  /** What another owner wrote joins it, too. */
  take(rows: CarriedRows): void {
    this.#writes.push(...rows.writes);
    this.#carried.push(rows);
  }

  /** What comes from now on is other work. */
  endWork(): void {
    this.#issuedBefore = this.#issued;
  }

  /** What is being read just now is what is stored. */
  readAnew(): void {
    this.isStale = false;
    this.#unwritten = undefined;
  }

  readonly commit = (): void => {
    if (this.#writes.length === 0) return;
    const writes = this.#takeWrites();
    // Never the array that goes on being filled: rows that come while this is committed are the next batch's.
    const carried = this.#carried.length > 0 ? this.#carried : noRows;
    if (carried !== noRows) this.#carried = [];
    const batch = this.#issue();
    this.#routes.open(batch);
    this.#parts.store.commit(writes).then(
      () => {
        this.#end(batch);
        for (const rows of carried) rows.ended();
      },
      (cause: unknown) => {
        this.#parts.stage.storeFailed(this.#parts.jid, cause);
        this.#end(batch, { cause });
        for (const rows of carried) rows.ended({ cause });
      },
    );
  };

  /** What is being filled is committed by another owner. */
  lend(): CarriedRows {
    const writes = this.#takeWrites();
    const batch = this.#issue();
    const owed = writes.some(saysWhatIsOwed) ? 1 : 0;
    this.#lent += 1;
    this.#lentOwed += owed;
    const ended = (failure?: { readonly cause: unknown }): void => {
      this.#lent -= 1;
      this.#lentOwed -= owed;
      this.#end(batch, failure);
    };
    return { writes, ended };
  }

  /** Runs once all is durable that this owner wrote and commits itself. */
  behindOwn(run: () => void, failed?: (cause: unknown) => void): void {
    this.#addTo(this.#routes, run, failed);
  }

  /** Runs once all that was written is durable; see {@link Account.whenDurable}. */
  whenDurable(run: () => void, failed?: (cause: unknown) => void): void {
    if (this.isGated) this.#addTo(this.#outbox, run, failed);
    else run();
  }

  /** See {@link Account.whenConfirmed}. */
  whenConfirmed(run: () => void, failed: (cause: unknown) => void): void {
    const after = this.#issued;
    if (this.#writes.length > 0 || after > this.#issuedBefore) return this.whenDurable(run, failed);
    return this.whenDurable(() => {
      const unwritten = this.#unwritten;
      if (unwritten === undefined || unwritten.batch > after) run();
      else failed(unwritten.cause);
    }, failed);
  }

  /** Runs once that has ended which other owners commit for this one. */
  whenGivenBack(run: () => void): void {
    if (this.#lent === 0) run();
    else this.whenDurable(run, run);
  }

  #addTo(outbox: Outbox, run: () => void, failed?: (cause: unknown) => void): void {
    const unissued = this.#writes.length > 0;
    const after = unissued ? this.#issued + 1 : outbox.last;
    const caused = this.#writes.length > this.#owed || (unissued ? this.#issued : after) > this.#issuedBefore;
    outbox.add({ after, caused, run, failed });
  }

  #takeWrites(): readonly Write[] {
    const writes = this.#writes;
    this.#writes = [];
    this.#owed = 0;
    return writes;
  }

  #issue(): number {
    this.#issued += 1;
    this.journal.begin(this.#issued);
    this.#outbox.open(this.#issued);
    return this.#issued;
  }

  /** A batch is durable, or will not be. */
  #end(batch: number, failure?: { readonly cause: unknown }): void {
    this.journal.end(batch, failure !== undefined);
    if (failure !== undefined) {
      this.isStale = true;
      if (this.#unwritten === undefined || batch < this.#unwritten.batch)
        this.#unwritten = { batch, cause: failure.cause };
    }
    for (const outbox of [this.#routes, this.#outbox])
      for (const released of outbox.close(batch, failure)) this.#letGo(released);
    this.commit();
    this.#ended();
  }

  /** One thing that breaks down must not take along what comes behind it. */
  #letGo({ entry, failure }: ReleasedEntry): void {
    try {
      if (failure === undefined) entry.run();
      else entry.failed?.(failure.cause);
    } catch (cause) {
      this.#parts.stage.crashed(this.#parts.jid, cause);
    }
  }
}

const noRows: readonly CarriedRows[] = [];
