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
 * What one account writes, and what waits behind it until it is durable: in order, and not at all where it is a consequence of
 * what could not be written. Each thing that the account handles is a batch. Values are made of values: while a batch that
 * writes some is under way the next ones are gathered, and fail with it; rows of archives stand for themselves.
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
  /** Some of them are values. */
  #fillsValues = false;
  /**
   * So many first of them cause nothing of what the present work does: they are of earlier work, or only say what hibernating
   * sessions owe, which try again.
   */
  #causeless = 0;
  /** What is to be done when nothing is under way. */
  #whenQuiet: ((account: Account) => void)[] | undefined;
  /** Told when what is being filled is on its way. */
  #begun: (() => void)[] | undefined;
  /** The batch that writes values and is under way. */
  #valueBatch: number | undefined;
  /** Why values could not be written that all in memory may be made of. */
  #valuesFailed: { readonly cause: unknown } | undefined;
  /** What other owners wrote that is part of the batch of what is being handled. */
  #carried: CarriedRows[] = [];
  /** The last batch that was issued; the last one that was before the present work began. */
  #issued = 0;
  #issuedBefore = 0;
  /** Batches that other owners commit for this one. */
  #lent = 0;
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

  /** Somebody waits until nothing is under way. */
  get isAwaited(): boolean {
    return this.#whenQuiet !== undefined;
  }

  /** How much waits. */
  get waiting(): number {
    return this.#outbox.size + this.#routes.size;
  }

  /** Something that was written since the data were read could not be. */
  get hasFailed(): boolean {
    return this.#unwritten !== undefined;
  }

  /**
   * Nothing more is to be handled until all has ended that is under way. Not while others commit something for this owner:
   * they may wait for the same, and what they commit may be in this owner's mailbox.
   */
  get mustSettle(): boolean {
    return (this.isAwaited || this.#valuesFailed !== undefined) && this.#lent === 0;
  }

  /** What is being filled can be committed by another owner: that may be done earlier or later than what this one commits. */
  get canLend(): boolean {
    if (!this.isFilling || this.#fillsValues || this.isAwaited || this.#valuesFailed !== undefined) return false;
    return !this.#writes.some(saysWhatIsOwed);
  }

  /** What the present work has written so far, if anything, only says what hibernating sessions owe. */
  get onlyOwes(): boolean {
    return this.#writes.length === this.#causeless;
  }

  /** So does what was written since that was asked. */
  countAsOwed(): void {
    this.#causeless = this.#writes.length;
  }

  /**
   * Whether what a hibernating session is sent just now can be a row of the batch that causes it. A message can even while
   * other batches are on their way, for it tells nothing of what they write; and so can a push, which tells what its own
   * batch writes and nothing else. Anything else may tell values that are on their way: then that batch has to come behind them.
   */
  mayJoin(tells: "message" | "push" | "else"): boolean {
    if (this.#unwritten !== undefined) return false;
    if (this.#writes.length > 0) return tells !== "else" || this.#fillsValues || !this.#outbox.committing;
    return tells === "message" && this.#issued === this.#issuedBefore;
  }

  /** Joins the batch that is being filled. */
  add(write: Write): void {
    if (isOfValues(write)) this.#fillsValues = true;
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
    this.#causeless = this.#writes.length;
  }

  /** What is being read just now is what is stored. */
  readAnew(): void {
    this.isStale = false;
    this.#unwritten = undefined;
    this.#valuesFailed = undefined;
  }

  /** What is being filled is on its way from now on, or as soon as it may be. */
  readonly commit = (): void => {
    if (this.#writes.length === 0 || (this.#fillsValues && this.#valueBatch !== undefined)) return;
    const failed = this.#fillsValues ? this.#valuesFailed : undefined;
    const batch = this.#issued + 1;
    if (this.#fillsValues) this.#valueBatch = batch;
    const writes = this.#takeWrites();
    // Never the array that goes on being filled: rows that come while this is committed are the next batch's.
    const carried = this.#carried.length > 0 ? this.#carried : noRows;
    if (carried !== noRows) this.#carried = [];
    this.#issue();
    this.#routes.open(batch);
    // Values that were made of those that could not be written must not be there when these are not.
    const written = failed === undefined ? this.#parts.store.commit(writes) : failedWith(failed);
    written.then(
      () => {
        this.#end(batch);
        for (const rows of carried) rows.ended();
      },
      (cause: unknown) => {
        if (failed === undefined) this.#parts.stage.storeFailed(this.#parts.jid, cause);
        this.#end(batch, { cause });
        for (const rows of carried) rows.ended({ cause });
      },
    );
  };

  /** @returns undefined where who reads now sees all that was written; else what to wait for */
  readonly flush = (): Promise<void> | undefined => {
    this.commit();
    if (this.#writes.length === 0) return undefined;
    return new Promise((resolve) => (this.#begun ??= []).push(resolve));
  };

  /** What is being filled, which {@link Batches.canLend} says can be, is committed by another owner. */
  lend(): CarriedRows {
    const writes = this.#takeWrites();
    const batch = this.#issue();
    this.#lent += 1;
    const ended = (failure?: { readonly cause: unknown }): void => {
      this.#lent -= 1;
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
    if (this.#writes.length > this.#causeless || this.#issued > this.#issuedBefore)
      return this.whenDurable(run, failed);
    const after = this.isFilling ? this.#issued + 1 : this.#issued;
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

  /** To be done, by whoever takes it, when nothing is under way. */
  whenQuiet(task: (account: Account) => void): void {
    (this.#whenQuiet ??= []).push(task);
  }

  /** Nothing is under way: what waited for that, in order. */
  takeQuiet(): readonly ((account: Account) => void)[] {
    const tasks = this.#whenQuiet ?? [];
    this.#whenQuiet = undefined;
    return tasks;
  }

  #addTo(outbox: Outbox, run: () => void, failed?: (cause: unknown) => void): void {
    const unissued = this.#writes.length > 0;
    const after = unissued ? this.#issued + 1 : outbox.last;
    const caused = this.#writes.length > this.#causeless || (unissued ? this.#issued : after) > this.#issuedBefore;
    outbox.add({ after, caused, run, failed });
  }

  #takeWrites(): readonly Write[] {
    const writes = this.#writes;
    this.#writes = [];
    this.#fillsValues = false;
    this.#causeless = 0;
    for (const begun of this.#begun ?? []) begun();
    this.#begun = undefined;
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
    const hadValues = batch === this.#valueBatch;
    if (hadValues) this.#valueBatch = undefined;
    if (failure !== undefined) {
      if (hadValues) this.#valuesFailed = failure;
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

async function failedWith({ cause }: { readonly cause: unknown }): Promise<void> {
  throw cause;
}

/** Whether it writes what others may be made of, rather than rows. */
function isOfValues({ op }: Write): boolean {
  return op === "set" || op === "delete" || op === "clear";
}
