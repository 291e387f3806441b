import type { BareJid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import type { Verdict } from "#kit/server-module.ts";
import type { Session } from "#kit/session.ts";
import type { AccountArchive, AccountMap, AccountValue, LiveArchive, LiveMap, LiveValue } from "#kit/slots.ts";
import type { Stanza } from "#kit/stanza.ts";
import { StoreError, type Write } from "#kit/storage.ts";
import type { SteppedHost } from "../host/stepped-host.ts";
import type { Runnable } from "../run-queue.ts";
import type { LocalSession } from "../session/session.ts";
import type { SessionOwner } from "../session/session-owner.ts";
import type { Timer } from "#kit/env.ts";
import { AccountData } from "./account-data.ts";
import type { AccountParts } from "./account-parts.ts";
import { Batches } from "./batches.ts";
import type { CarriedRows } from "./carried-rows.ts";
import { deliverToSession } from "./deliver-to-session.ts";
import { Mailbox } from "./mailbox.ts";
import { liveArchive } from "./live-slots.ts";
import { guarded, refuseAbsent, refuseForRoom } from "./refused-work.ts";
import { handOverBehind, sendBehind } from "./send-behind.ts";
import { temporaryStore } from "./temporary-store.ts";
import { whileUnreadable } from "./while-unreadable.ts";
import { Incoming, Outgoing, type Task, type Work } from "./work.ts";

/** After the data could not be read, while something waits for it: when to try again, in milliseconds. */
const readAgainAfterMs = 1_000;

/** The owner of a local bare JID; see {@link Account}. */
export class LocalAccount implements SessionOwner<LocalSession>, Runnable {
  readonly jid: BareJid;
  readonly host: SteppedHost;
  readonly sessions = new Map<string, LocalSession>();
  /** It is deleted for good, and what it had is being cleared away: to everybody else it is no more. */
  isLeaving = false;
  readonly #parts: AccountParts<LocalAccount>;
  readonly #mailbox = new Mailbox<Work<LocalAccount>>();
  readonly #batches: Batches;
  readonly #data: AccountData;
  /** Something is being handled at this very moment. */
  #handling = false;
  /** A promise is under way that keeps the mailbox waiting. */
  #occupied = false;
  #inQueue = false;
  #retry: Timer | undefined;
  /** Something came to it lately. */
  #used = true;
  #retired = false;

  constructor(parts: AccountParts<LocalAccount>) {
    this.#parts = parts;
    this.jid = parts.jid;
    this.host = parts.host;
    this.#batches = new Batches(parts, this.#batchEnded);
    this.#data = new AccountData(parts, this.#batches);
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
    return !this.busy && this.#data.phase === "awake";
  }

  /** It has sessions, and all their clients are away. */
  get isDeserted(): boolean {
    if (this.sessions.size === 0 || this.#data.phase !== "awake" || this.isTemporary) return false;
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
    if (this.#mailbox.size > 0 || this.#occupied || this.#batches.isAwaited) return true;
    return !this.#batches.isQuiet || this.#data.phase === "waking";
  }

  /** A stanza has arrived. */
  deliver(arrived: Stanza, rows?: CarriedRows): void {
    if (this.#retired) return this.#successor.deliver(arrived, rows);
    const stanza = arrived.towardsClient();
    if (this.#waits(1)) return refuseForRoom(this.#parts, this.sessions, stanza, rows);
    stanza.hold();
    this.#enqueue(rows === undefined ? stanza : new Incoming(stanza, rows));
  }

  /** One of the account's sessions sends a stanza. */
  readonly accept = (stanza: Stanza, session: LocalSession): void => {
    this.#used = true;
    const free =
      this.#data.phase === "awake" && !this.#occupied && this.#mailbox.size === 0 && !this.#batches.mustSettle;
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

  /** Like `post`, when nothing is being written, and nothing waits for that: nothing else is handled until then. */
  readonly postQuietly = (task: (account: Account) => void): void => {
    if (this.#retired) return this.#successor.postQuietly(task);
    this.#used = true;
    this.#batches.whenQuiet(task);
    this.#settleDown();
  };

  /**
   * Like `post`, for the server's own parts; told `undefined` when the account does not exist. While its data cannot be
   * read the task waits.
   */
  readonly postLocal = (task: Task<LocalAccount>): void => this.#enqueue(task);

  /** Like `postLocal`, but told at once when the account's data cannot be read. */
  readonly request = (perform: Task<LocalAccount>, unreadable: (cause: unknown) => void): void =>
    this.#enqueue({ perform, unreadable });

  readonly value = <T>(slot: AccountValue<T>): LiveValue<T> => this.#data.slots.value(slot);
  readonly map = <T>(slot: AccountMap<T>): LiveMap<T> => this.#data.slots.map(slot);
  readonly archive = (slot: AccountArchive): LiveArchive =>
    liveArchive(slot, { owner: this.jid, store: this.#parts.store, write: this.write, flush: this.#batches.flush });

  readonly send = (stanza: Stanza): void => {
    if (this.#retired) return this.#successor.send(stanza);
    if (this.#batches.isWayFree) return this.host.route(stanza);
    return sendBehind(this.#parts, this.#batches, stanza);
  };

  /** Sends a stanza together with what was written about it, where its recipient's owner is here to commit both as one. */
  sendWithRows(stanza: Stanza): void {
    const { stage } = this.#parts;
    const batches = this.#batches;
    if (stanza.to === undefined || !batches.canLend || !stage.isOwnerHere(stanza.to)) return this.send(stanza);
    const rows = batches.lend();
    return batches.isWayFree ? stage.handOver(stanza, rows) : handOverBehind(this.#parts, batches, stanza, rows);
  }

  readonly outboundVerdict = (stanza: Stanza, session: Session): Verdict | undefined =>
    this.#parts.stage.outboundVerdict(this, stanza, session);

  readonly whenDurable = (run: () => void, failed?: (cause: unknown) => void): void => {
    if (this.#retired) return this.#successor.whenDurable(run, failed);
    return this.#batches.whenDurable(run, failed);
  };

  rowsCommitted(): Promise<void> {
    return new Promise((resolve) => this.#batches.whenGivenBack(resolve));
  }

  readonly whenConfirmed = (run: () => void, failed: (cause: unknown) => void): void => {
    if (this.#retired) return this.#successor.whenConfirmed(run, failed);
    return this.#batches.whenConfirmed(run, failed);
  };

  get crowded(): boolean {
    return this.#waits(0.5);
  }

  /** Whether this share of what may wait at most does. */
  #waits(share: number): boolean {
    return this.#mailbox.size + this.#batches.waiting >= share * this.#parts.mailboxStanzasMax;
  }

  /** Joins the batch of what is being handled. */
  readonly write = (write: Write): void => {
    if (this.#retired) return this.#successor.write(write);
    // Written outside of all work, as by the answer to a read: somebody must commit it.
    if (!this.#batches.isFilling && !this.#occupied && !this.#handling) this.#enqueue(() => undefined);
    this.#batches.add(write);
  };

  /** Delivers to a session, in the outbox's order. */
  readonly sendTo = (session: LocalSession, stanza: Stanza): void =>
    deliverToSession(this.#parts, this.#batches, session, stanza);

  /** What is stored has changed behind the slots' back: the account was created, or wiped. */
  readonly reload = (): void => {
    this.#batches.journal.forget();
    this.#batches.isStale = true;
  };

  /** Does what waits until the mailbox is empty or a promise makes it wait. */
  readonly run = (): void => {
    this.#inQueue = false;
    if (this.#data.phase === "asleep" && (this.#mailbox.size > 0 || this.#batches.journal.isInDoubt)) this.#wake();
    while (!this.#occupied && this.#data.phase !== "waking") {
      if (this.#data.phase !== "asleep" && this.#batches.mustSettle) return this.#settleDown();
      // In the order in which it came. [rfc6120-10.1-01] [rfc6120-10.1-02]
      const work = this.#mailbox.take();
      if (work === undefined) return;
      if (typeof work === "function") this.#perform(work);
      else if ("perform" in work) this.#perform(work.perform);
      else if (this.#data.phase === "absent") {
        // The sender keeps what it wrote, though nobody is there.
        if (work instanceof Incoming) this.#batches.take(work.rows);
        refuseAbsent(this.#parts, work);
        this.#end();
      } else if (work instanceof Outgoing) this.#do(work.stanza, work.session);
      else if (work instanceof Incoming) {
        this.#batches.take(work.rows);
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
    if (this.#inQueue || this.#occupied || this.#data.phase === "waking") return;
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

  #perform(task: Task<LocalAccount>): void {
    let pending: void | Promise<void> = undefined;
    this.#handling = true;
    try {
      pending = task(this.#data.phase === "awake" ? this : undefined);
    } catch (cause) {
      this.#parts.stage.crashed(this.jid, cause);
    }
    this.#handling = false;
    // What a task wrote before it waits is committed at once: it may be the commit that it waits for.
    this.#batches.commit();
    if (pending === undefined) {
      this.#batches.endWork();
      this.#settleDown();
    } else this.#await(pending, this.#end);
  }

  #await(pending: Promise<void>, then: () => void): void {
    this.#occupied = true;
    void pending
      .catch((cause: unknown) => this.#parts.stage.crashed(this.jid, cause))
      .then(() => {
        this.#occupied = false;
        guarded(this.#parts, then);
        this.#settleDown();
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
    this.#batches.commit();
    this.#batches.endWork();
    this.#settleDown();
  };

  readonly #batchEnded = (): void => {
    if (!this.#occupied) this.#batches.endWork();
    this.#settleDown();
  };

  /** What has to wait until nothing is under way. After a batch has failed the slots are not what is stored. */
  #settleDown(): void {
    const batches = this.#batches;
    if (!batches.isStale && !batches.isAwaited) return;
    if (!batches.isQuiet || this.#occupied || this.#handling || this.#data.phase === "waking") return;
    if (batches.isStale) return this.#wake();
    for (const task of batches.takeQuiet().toReversed()) this.postNext(task);
  }

  #wake(): void {
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#data.read(this.write, (outcome) => {
      if ("cause" in outcome) return this.#unreadable(outcome.cause);
      this.isLeaving = outcome.isLeaving;
      if (this.#data.phase === "awake") this.#prepare();
      if (this.#mailbox.size > 0) this.#schedule();
      this.#settleDown();
    });
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
        this.#batches.isStale = false;
        this.#end();
        if (cause instanceof StoreError) this.#parts.stage.storeFailed(this.jid, cause);
        else this.#parts.stage.crashed(this.jid, cause);
        this.#unreadable(cause);
      },
    );
  }

  /** Whatever comes next tries again, and time does. */
  #unreadable(cause: unknown): void {
    this.#data.sleep();
    for (const work of this.#mailbox.takeAll()) {
      const left = whileUnreadable(this.#parts, this.sessions, work, cause);
      if (left !== undefined) this.#mailbox.add(left);
    }
    if ((this.#mailbox.size === 0 && !this.#batches.journal.isInDoubt) || this.host.signal.aborted) return;
    this.#retry ??= this.host.env.setTimer(readAgainAfterMs, () => this.#schedule());
  }
}
