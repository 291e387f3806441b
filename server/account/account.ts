import { resourceOf, type BareJid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import type { Verdict } from "#kit/server-module.ts";
import type { Session } from "#kit/session.ts";
import type { AccountArchive, AccountMap, AccountValue, LiveArchive, LiveMap, LiveValue } from "#kit/slots.ts";
import { Stanza } from "#kit/stanza.ts";
import { StoreError, type Write } from "#kit/storage.ts";
import { assert } from "#protocol/assert.ts";
import { isAnswer } from "#protocol/stanza/stanza-error.ts";
import type { SteppedHost } from "../host/stepped-host.ts";
import type { Runnable } from "../run-queue.ts";
import type { LocalSession } from "../session/session.ts";
import type { SessionOwner } from "../session/session-owner.ts";
import type { Timer } from "#kit/env.ts";
import type { AccountParts } from "./account-parts.ts";
import { type CarriedRows, noRoom } from "./carried-rows.ts";
import { Mailbox } from "./mailbox.ts";
import { liveArchive, LiveSlots } from "./live-slots.ts";
import { Outbox } from "./outbox.ts";
import { temporaryStore } from "./temporary-store.ts";
import { Incoming, Outgoing, type Task, type Work } from "./work.ts";
import { notPutBack, WriteJournal } from "./write-journal.ts";

/** After the data could not be read, while something waits for it: when to try again, in milliseconds. */
const readAgainAfterMs = 1_000;

/** The owner of a local bare JID; see {@link Account}. */
export class LocalAccount implements SessionOwner<LocalSession>, Runnable {
  readonly jid: BareJid;
  readonly host: SteppedHost;
  readonly sessions = new Map<string, LocalSession>();
  readonly #parts: AccountParts<LocalAccount>;
  readonly #mailbox = new Mailbox<Work<LocalAccount>>();
  /** What goes to other owners, behind this owner's own batches. */
  readonly #routes = new Outbox();
  /** What goes to this owner's sessions, behind those batches too that other owners commit for it. */
  readonly #outbox = new Outbox();
  #phase: "asleep" | "waking" | "awake" | "absent" = "asleep";
  #slots: LiveSlots | undefined;
  /** The batch of what is being handled. */
  #writes: Write[] = [];
  /** So many first of them only say what hibernating sessions owe: that tries again, and causes nothing of what comes behind it. */
  #owed = 0;
  /** What other owners wrote that is part of the batch of what is being handled. */
  #carried: CarriedRows[] = [];
  #batches = 0;
  /** Batches that other owners commit for this one. */
  #lent = 0;
  /** The last batch that was issued before the present work began. */
  #issuedBefore = 0;
  /** Something is being handled at this very moment. */
  #handling = false;
  /** A promise is under way that keeps the mailbox waiting. */
  #occupied = false;
  #inQueue = false;
  #reload = false;
  /** The first batch that failed since the data were read: what was written from there on may not be what is stored. */
  #unwritten: { readonly batch: number; readonly cause: unknown } | undefined;
  /** What values were ahead of batches that are under way, or of which it is not certain what became of them. */
  readonly #journal = new WriteJournal();
  #retry: Timer | undefined;
  /** Something came to it lately. */
  #used = true;
  #retired = false;

  constructor(parts: AccountParts<LocalAccount>) {
    this.#parts = parts;
    this.jid = parts.jid;
    this.host = parts.host;
  }

  /** Whether it lives in memory alone, as long as its session does. */
  get isTemporary(): boolean {
    return this.#parts.store === temporaryStore;
  }

  /** Nothing is going on here and nothing would be missed if this object went away. */
  get idle(): boolean {
    return this.sessions.size === 0 && !this.busy;
  }

  /** Whether its data are in memory and nothing is being done with them. */
  get resting(): boolean {
    return !this.busy && this.#phase === "awake";
  }

  /** It has sessions, and all their clients are away. */
  get isDeserted(): boolean {
    if (this.sessions.size === 0 || this.#phase !== "awake" || this.isTemporary) return false;
    return [...this.sessions.values()].every(({ hibernates }) => hibernates);
  }

  /** All that is known of its sessions is stored. */
  get isAtRest(): boolean {
    return [...this.sessions.values()].every((session) => session.isAtRest);
  }

  /** Whether anything came to it since this was asked last. */
  takeUsed(): boolean {
    const used = this.#used;
    this.#used = false;
    return used;
  }

  /** It is put to sleep: another object owns the address from now on, and gets what those bring who knew this one. */
  retire(): void {
    this.#retired = true;
    this.#retry?.cancel();
    for (const session of this.sessions.values()) session[Symbol.dispose]();
    this.sessions.clear();
  }

  get #successor(): LocalAccount {
    return this.#parts.successor();
  }

  /** Something waits or is being done. */
  get busy(): boolean {
    return this.#mailbox.size > 0 || this.#occupied || !this.#quiet || this.#phase === "waking";
  }

  /** A stanza has arrived. */
  deliver(stanza: Stanza, rows?: CarriedRows): void {
    if (this.#retired) return this.#successor.deliver(stanza, rows);
    if (this.#waits(1)) {
      if (isAnswer(stanza)) {
        stanza.hold();
        this.#passOn(stanza);
        rows?.ended({ cause: noRoom() });
      } else {
        // First: that it was refused is no consequence of what was not written.
        rows?.ended({ cause: noRoom() });
        this.#parts.stage.crowdedOut(stanza, undefined);
      }
      return;
    }
    stanza.hold();
    this.#enqueue(rows === undefined ? stanza : new Incoming(stanza, rows));
  }

  /** One of the account's sessions sends a stanza. */
  readonly accept = (stanza: Stanza, session: LocalSession): void => {
    this.#used = true;
    const free = this.#phase === "awake" && !this.#occupied && this.#mailbox.size === 0;
    if (free && !this.#parts.queue.working) this.#do(stanza, session);
    else if (this.#waits(1)) {
      this.#parts.stage.crowdedOut(stanza, session);
      stanza.release();
    } else this.#enqueue(new Outgoing(stanza, session));
  };

  readonly post = (task: (account: Account) => void | Promise<void>): void => {
    this.postLocal((account) => (account === undefined ? undefined : task(account)));
  };

  readonly postNext = (task: (account: Account) => void | Promise<void>): void => {
    if (this.#retired) return this.#successor.postNext(task);
    this.#used = true;
    this.#mailbox.addFirst((account) => (account === undefined ? undefined : task(account)));
    this.#schedule();
  };

  /**
   * Like `post`, for the server's own parts; told `undefined` when the account does not exist. While its data cannot be
   * read the task waits.
   */
  readonly postLocal = (task: Task<LocalAccount>): void => this.#enqueue(task);

  /** Like `postLocal`, but told at once when the account's data cannot be read. */
  readonly request = (perform: Task<LocalAccount>, unreadable: (cause: unknown) => void): void =>
    this.#enqueue({ perform, unreadable });

  readonly value = <T>(slot: AccountValue<T>): LiveValue<T> => this.#live().value(slot);
  readonly map = <T>(slot: AccountMap<T>): LiveMap<T> => this.#live().map(slot);
  readonly archive = (slot: AccountArchive): LiveArchive =>
    liveArchive(slot, { owner: this.jid, store: this.#parts.store, write: this.write, flush: this.#commit });

  readonly send = (stanza: Stanza): void => {
    if (this.#retired) return this.#successor.send(stanza);
    if (this.#writes.length === 0 && this.#routes.idle) return this.host.route(stanza);
    const route = (): void => this.host.route(stanza);
    // That something was refused is true though what was to be written about it is not written: nobody else tells it.
    if (stanza.type === "error") return this.#behindOwn(route, route);
    return this.#behindOwn(route, (cause) => this.#parts.stage.unwritten(stanza, cause));
  };

  /** Sends a stanza together with what was written about it, where its recipient's owner is here to commit both as one. */
  sendWithRows(stanza: Stanza): void {
    const { stage } = this.#parts;
    if (this.#writes.length === 0 || stanza.to === undefined || !stage.isOwnerHere(stanza.to)) return this.send(stanza);
    const writes = this.#takeWrites();
    const batch = this.#nextBatch();
    this.#lent += 1;
    const ended = (failure?: { readonly cause: unknown }): void => {
      this.#lent -= 1;
      this.#endBatch(batch, failure);
    };
    const rows = { writes, ended };
    if (this.#routes.idle) return stage.handOver(stanza, rows);
    stanza.hold();
    const handOver = (): void => {
      stage.handOver(stanza, rows);
      stanza.release();
    };
    return this.#behindOwn(handOver, handOver);
  }

  readonly outboundVerdict = (stanza: Stanza, session: Session): Verdict | undefined =>
    this.#parts.stage.outboundVerdict(this, stanza, session);

  readonly whenDurable = (run: () => void, failed?: (cause: unknown) => void): void => {
    if (this.#retired) return this.#successor.whenDurable(run, failed);
    if (!this.#gated) return run();
    return this.#addTo(this.#outbox, run, failed);
  };

  rowsCommitted(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#lent === 0) resolve();
      else this.whenDurable(resolve, () => resolve());
    });
  }

  readonly whenConfirmed = (run: () => void, failed: (cause: unknown) => void): void => {
    const after = this.#batches;
    if (this.#writes.length > 0 || after > this.#issuedBefore) return this.whenDurable(run, failed);
    return this.whenDurable(() => {
      const unwritten = this.#unwritten;
      if (unwritten === undefined || unwritten.batch > after) run();
      else failed(unwritten.cause);
    }, failed);
  };

  #behindOwn(run: () => void, failed?: (cause: unknown) => void): void {
    this.#addTo(this.#routes, run, failed);
  }

  #addTo(outbox: Outbox, run: () => void, failed?: (cause: unknown) => void): void {
    const unissued = this.#writes.length > 0;
    const after = unissued ? this.#batches + 1 : outbox.last;
    const caused = this.#writes.length > this.#owed || (unissued ? this.#batches : after) > this.#issuedBefore;
    outbox.add({ after, caused, run, failed });
  }

  /** True while something written is not durable yet, so that what is sent must wait. */
  get #gated(): boolean {
    return this.#writes.length > 0 || !this.#outbox.idle;
  }

  get #quiet(): boolean {
    return this.#outbox.idle && this.#routes.idle;
  }

  get crowded(): boolean {
    return this.#waits(0.5);
  }

  /** Whether this share of what may wait at most does. */
  #waits(share: number): boolean {
    return this.#mailbox.size + this.#outbox.size + this.#routes.size >= share * this.#parts.mailboxStanzasMax;
  }

  /** Joins the batch of what is being handled. */
  readonly write = (write: Write): void => {
    if (this.#retired) return this.#successor.write(write);
    // Written outside of all work, as by the answer to a read: somebody must commit it.
    if (this.#writes.length === 0 && !this.#occupied && !this.#handling) this.#enqueue(() => undefined);
    this.#writes.push(write);
  };

  /** Delivers to a session, in the outbox's order. */
  readonly sendTo = (session: LocalSession, stanza: Stanza): void => {
    if (!this.#gated && this.#unwritten === undefined) return this.#transmit(session, stanza);
    if (this.#mayJoinBatch(session, stanza)) return this.#sendWithBatch(session, stanza);
    stanza.hold();
    session.queued += 1;
    const run = (): void => {
      session.queued -= 1;
      try {
        session.transmit(stanza);
      } finally {
        stanza.release();
      }
    };
    if (stanza.type === "error") return this.whenDurable(run, run);
    const failed = (cause: unknown): void => {
      session.queued -= 1;
      this.#parts.stage.unwritten(stanza, cause);
      stanza.release();
    };
    // What the account pushes of its own data is as true as they are; errors and what others say stay what they are.
    if (stanza.kind === "iq" && stanza.type === "set" && stanza.from === this.jid)
      return this.whenConfirmed(run, failed);
    return this.whenDurable(run, failed);
  };

  /**
   * Whether it can be a row in the batch of what caused it: nobody sees it before that is durable. A message can even
   * while other batches are on their way: it tells nothing of what they write.
   */
  #mayJoinBatch(session: LocalSession, { kind }: Stanza): boolean {
    if (!session.hibernates || session.queued > 0 || this.#unwritten !== undefined) return false;
    if (this.#writes.length > 0) return kind === "message" || !this.#outbox.committing;
    return kind === "message" && this.#batches === this.#issuedBefore;
  }

  #sendWithBatch(session: LocalSession, stanza: Stanza): void {
    // That something was refused is true though what was to be written about it is not written.
    if (stanza.type !== "error" && this.#writes.length > 0)
      this.whenDurable(nothing, (cause) => {
        if (session.management?.owed.withdraw(stanza) === true) this.#parts.stage.unwritten(stanza, cause);
      });
    this.#transmit(session, stanza);
  }

  #transmit(session: LocalSession, stanza: Stanza): void {
    const onlyOwed = this.#writes.length === this.#owed;
    session.transmit(stanza);
    if (onlyOwed) this.#owed = this.#writes.length;
  }

  /** What is stored has changed behind the slots' back: the account was created, or wiped. */
  readonly reload = (): void => {
    this.#journal.forget();
    this.#reload = true;
  };

  /** Does what waits until the mailbox is empty or a promise makes it wait. */
  readonly run = (): void => {
    this.#inQueue = false;
    if (this.#phase === "asleep" && (this.#mailbox.size > 0 || this.#journal.isInDoubt)) this.#wake();
    while (!this.#occupied && this.#phase !== "waking") {
      // In the order in which it came. [rfc6120-10.1-01] [rfc6120-10.1-02]
      const work = this.#mailbox.take();
      if (work === undefined) return;
      if (typeof work === "function") this.#perform(work);
      else if ("perform" in work) this.#perform(work.perform);
      else if (this.#phase === "absent") {
        // The sender keeps what it wrote, though nobody is there.
        if (work instanceof Incoming) this.#take(work.rows);
        this.#refuse(work, this.#parts.stage.absent);
        this.#end();
      } else if (work instanceof Outgoing) this.#do(work.stanza, work.session);
      else if (work instanceof Incoming) {
        this.#take(work.rows);
        this.#do(work.stanza, undefined);
      } else this.#do(work, undefined);
    }
  };

  #enqueue(work: Work<LocalAccount>): void {
    if (this.#retired) return this.#successor.#enqueue(work);
    this.#used = true;
    this.#mailbox.add(work);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#inQueue || this.#occupied || this.#phase === "waking") return;
    this.#inQueue = true;
    this.#parts.queue.add(this);
  }

  #do(stanza: Stanza, session: LocalSession | undefined): void {
    const { stage } = this.#parts;
    let pending: void | Promise<void> = undefined;
    this.#handling = true;
    try {
      pending = session === undefined ? stage.inbound(this, stanza) : stage.outbound(this, stanza, session);
    } catch (cause) {
      stage.crashed(this.jid, cause, stanza, session);
    }
    this.#handling = false;
    if (pending === undefined) this.#settle(stanza);
    else
      this.#await(
        pending.catch((cause: unknown) => stage.crashed(this.jid, cause, stanza, session)),
        () => this.#settle(stanza),
      );
  }

  #take(rows: CarriedRows): void {
    this.#writes.push(...rows.writes);
    this.#carried.push(rows);
  }

  #perform(task: Task<LocalAccount>): void {
    let pending: void | Promise<void> = undefined;
    this.#handling = true;
    try {
      pending = task(this.#phase === "awake" ? this : undefined);
    } catch (cause) {
      this.#parts.stage.crashed(this.jid, cause);
    }
    this.#handling = false;
    // What a task wrote before it waits is committed at once: it may be the commit that it waits for.
    this.#commit();
    if (pending === undefined) {
      this.#issuedBefore = this.#batches;
      this.#readAnew();
    } else this.#await(pending, this.#end);
  }

  #await(pending: Promise<void>, then: () => void): void {
    this.#occupied = true;
    void pending
      .catch((cause: unknown) => this.#parts.stage.crashed(this.jid, cause))
      .then(() => {
        this.#occupied = false;
        this.#guarded(then);
        this.#readAnew();
        if (this.#mailbox.size > 0) this.#schedule();
      });
  }

  /** The handling of a stanza has ended; it counts as settled when what it wrote is durable. */
  #settle(stanza: Stanza): void {
    if (stanza.settlement !== undefined) {
      const release = (): void => stanza.release();
      this.whenDurable(release, release);
    }
    this.#end();
  }

  readonly #end = (): void => {
    if (this.#writes.length > 0) this.#commit();
    this.#issuedBefore = this.#batches;
    this.#readAnew();
  };

  readonly #commit = (): void => {
    if (this.#writes.length === 0) return;
    const writes = this.#takeWrites();
    // Never the array that goes on being filled: rows that come while this is committed are the next batch's.
    const carried = this.#carried.length > 0 ? this.#carried : noRows;
    if (carried !== noRows) this.#carried = [];
    const batch = this.#nextBatch();
    this.#routes.open(batch);
    this.#parts.store.commit(writes).then(
      () => {
        this.#endBatch(batch);
        for (const rows of carried) rows.ended();
      },
      (cause: unknown) => {
        this.#parts.stage.storeFailed(this.jid, cause);
        this.#endBatch(batch, { cause });
        for (const rows of carried) rows.ended({ cause });
      },
    );
  };

  #takeWrites(): readonly Write[] {
    const writes = this.#writes;
    this.#writes = [];
    this.#owed = 0;
    return writes;
  }

  #nextBatch(): number {
    this.#batches += 1;
    this.#journal.begin(this.#batches);
    this.#outbox.open(this.#batches);
    return this.#batches;
  }

  /** A batch of this owner's is durable, or will not be. */
  #endBatch(batch: number, failure?: { readonly cause: unknown }): void {
    this.#journal.end(batch, failure !== undefined);
    if (failure !== undefined) {
      this.#reload = true;
      if (this.#unwritten === undefined || batch < this.#unwritten.batch)
        this.#unwritten = { batch, cause: failure.cause };
    }
    for (const outbox of [this.#routes, this.#outbox])
      for (const { entry, failure: failed } of outbox.close(batch, failure))
        this.#guarded(failed === undefined ? entry.run : () => entry.failed?.(failed.cause));
    this.#commit();
    if (!this.#occupied) this.#issuedBefore = this.#batches;
    this.#readAnew();
  }

  /** After a batch has failed the slots are not what is stored; never while something that uses them is being done. */
  #readAnew(): void {
    if (this.#reload && this.#quiet && !this.#occupied && !this.#handling) this.#wake();
  }

  /** Reads all slots in one request, at first use and again when a batch could not be written. */
  #wake(): void {
    this.#phase = "waking";
    this.#reload = false;
    this.#unwritten = undefined;
    this.#retry?.cancel();
    this.#retry = undefined;
    const { store, exists } = this.#parts;
    store.load(this.jid).then(
      (loaded) => {
        if (!exists(loaded)) this.#journal.forget();
        const putBack = this.#journal.putBack(this.jid, loaded);
        if (putBack === undefined) return this.#unreadable(notPutBack());
        this.#writes.push(...putBack.writes);
        this.#phase = exists(loaded) ? "awake" : "absent";
        const { write } = this;
        const { note } = this.#journal;
        this.#slots = new LiveSlots({ owner: this.jid, loaded: putBack.should, store, write, note });
        if (this.#phase === "awake") this.#prepare();
        if (this.#mailbox.size > 0) this.#schedule();
      },
      (cause: unknown) => {
        this.#parts.stage.storeFailed(this.jid, cause);
        this.#unreadable(cause);
      },
    );
  }

  /** Has the features put right what was read. What cannot be put right counts as not read. */
  #prepare(): void {
    let pending: Promise<void> | undefined;
    this.#handling = true;
    try {
      pending = this.#parts.stage.woken(this);
    } catch (cause) {
      this.#parts.stage.crashed(this.jid, cause);
    }
    this.#handling = false;
    this.#end();
    if (pending === undefined) return;
    this.#occupied = true;
    pending.then(
      () => {
        this.#occupied = false;
        this.#end();
        if (this.#mailbox.size > 0) this.#schedule();
      },
      (cause: unknown) => {
        this.#occupied = false;
        this.#reload = false;
        this.#end();
        if (cause instanceof StoreError) this.#parts.stage.storeFailed(this.jid, cause);
        else this.#parts.stage.crashed(this.jid, cause);
        this.#unreadable(cause);
      },
    );
  }

  /** Stanzas and requests get an error; tasks wait. Whatever comes next tries again, and time does. */
  #unreadable(cause: unknown): void {
    this.#phase = "asleep";
    for (const work of this.#mailbox.takeAll()) {
      if (typeof work === "function") this.#mailbox.add(work);
      else if ("perform" in work) this.#guarded(() => work.unreadable(cause));
      else {
        const arrived = work instanceof Incoming ? work.stanza : work;
        if (!(arrived instanceof Outgoing) && isAnswer(arrived)) this.#passOn(arrived);
        else this.#refuse(work, (stanza, session) => this.#parts.stage.unreadable(stanza, cause, session));
        if (work instanceof Incoming) work.rows.ended({ cause });
      }
    }
    if ((this.#mailbox.size === 0 && !this.#journal.isInDoubt) || this.host.signal.aborted) return;
    this.#retry ??= this.host.env.setTimer(readAgainAfterMs, () => this.#schedule());
  }

  /**
   * An answer cannot be refused: if it went nowhere, who sent a message would believe it safe that was not. It is for a
   * session that asked, or for nobody.
   */
  #passOn(answer: Stanza): void {
    const session = this.sessions.get((answer.to && resourceOf(answer.to)) ?? "");
    if (session !== undefined) this.#guarded(() => session.send(answer));
    answer.release();
  }

  #refuse(work: Stanza | Outgoing | Incoming, tell: (stanza: Stanza, session: LocalSession | undefined) => void): void {
    const stanza = work instanceof Stanza ? work : work.stanza;
    const session = work instanceof Outgoing ? work.session : undefined;
    this.#guarded(() => tell(stanza, session));
    stanza.release();
  }

  /** One thing that breaks down must not take along what comes behind it. */
  #guarded(run: () => void): void {
    try {
      run();
    } catch (cause) {
      this.#parts.stage.crashed(this.jid, cause);
    }
  }

  #live(): LiveSlots {
    assert(this.#slots !== undefined, "slots are used by an account that is awake");
    return this.#slots;
  }
}

const noRows: readonly CarriedRows[] = [];

function nothing(): void {}
