import type { BareJid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import type { Host } from "#kit/host.ts";
import type { Verdict } from "#kit/server-module.ts";
import type { Session } from "#kit/session.ts";
import type { AccountArchive, AccountMap, AccountValue, LiveArchive, LiveMap, LiveValue } from "#kit/slots.ts";
import type { Stanza } from "#kit/stanza.ts";
import type { LoadedOwner, Store, Write } from "#kit/storage.ts";
import { assert } from "#protocol/assert.ts";
import type { Runnable, RunQueue } from "../run-queue.ts";
import type { LocalSession } from "../session/session.ts";
import { liveArchive, LiveSlots } from "./live-slots.ts";
import { Outbox } from "./outbox.ts";

/** What an account does with what comes to it; the host it lives on. */
export interface AccountStage {
  readonly outbound: (account: LocalAccount, stanza: Stanza, session: LocalSession) => void | Promise<void>;
  readonly inbound: (account: LocalAccount, stanza: Stanza) => void | Promise<void>;
  readonly outboundVerdict: (account: LocalAccount, stanza: Stanza, session: Session) => Verdict | undefined;
  /** A stanza for an account that does not exist. */
  readonly absent: (stanza: Stanza) => void;
  /** A stanza for an account whose data cannot be read at present. */
  readonly unreadable: (stanza: Stanza, cause: unknown) => void;
  /** A task or a stanza broke down: a bug, told to the log. */
  readonly crashed: (account: BareJid, cause: unknown) => void;
}

/** What an account needs of the store. */
export type AccountStore = Pick<Store, "load" | "commit" | "page">;

export interface AccountParts {
  readonly jid: BareJid;
  readonly host: Host;
  readonly stage: AccountStage;
  readonly store: AccountStore;
  readonly queue: RunQueue;
  /** Whether what was loaded is an account's data at all. */
  readonly exists: (loaded: LoadedOwner) => boolean;
  readonly mailboxStanzasMax: number;
}

/** One thing that waits in the mailbox: a stanza that arrives, one that a session sends, or a task. */
type Work = Stanza | Outgoing | Task;
type Task = (account: LocalAccount | undefined) => void | Promise<void>;

class Outgoing {
  readonly stanza: Stanza;
  readonly session: LocalSession;

  constructor(stanza: Stanza, session: LocalSession) {
    this.stanza = stanza;
    this.session = session;
  }
}

/** The owner of a local bare JID; see {@link Account}. */
export class LocalAccount implements Account, Runnable {
  readonly jid: BareJid;
  readonly host: Host;
  readonly sessions = new Map<string, LocalSession>();
  readonly #parts: AccountParts;
  readonly #outbox = new Outbox();
  #mailbox: Work[] = [];
  #taken = 0;
  #phase: "asleep" | "waking" | "awake" | "absent" = "asleep";
  #slots: LiveSlots | undefined;
  #writes: Write[] = [];
  /** A promise is under way that keeps the mailbox waiting. */
  #occupied = false;
  #inQueue = false;
  #reload = false;

  constructor(parts: AccountParts) {
    this.#parts = parts;
    this.jid = parts.jid;
    this.host = parts.host;
  }

  /** Nothing is going on here and nothing would be missed if this object went away. */
  get idle(): boolean {
    return (
      this.sessions.size === 0 &&
      this.#mailbox.length === this.#taken &&
      !this.#occupied &&
      this.#outbox.idle &&
      (this.#phase === "awake" || this.#phase === "absent")
    );
  }

  get waiting(): number {
    return this.#mailbox.length - this.#taken;
  }

  /** A stanza has arrived. False when too much waits already. */
  readonly deliver = (stanza: Stanza): boolean => {
    if (this.waiting >= this.#parts.mailboxStanzasMax) return false;
    stanza.hold();
    this.#enqueue(stanza);
    return true;
  };

  /** One of the account's sessions sends a stanza. Called from the session's link, never from within an owner's work. */
  readonly accept = (stanza: Stanza, session: LocalSession): void => {
    if (this.#phase === "awake" && !this.#occupied && this.waiting === 0) this.#do(stanza, session);
    else this.#enqueue(new Outgoing(stanza, session));
  };

  readonly post = (task: (account: Account) => void | Promise<void>): void => {
    this.postLocal((account) => (account === undefined ? undefined : task(account)));
  };

  /** Like `post`, for the server's own parts; told `undefined` when the account does not exist. */
  readonly postLocal = (task: Task): void => this.#enqueue(task);

  readonly value = <T>(slot: AccountValue<T>): LiveValue<T> => this.#live().value(slot);
  readonly map = <T>(slot: AccountMap<T>): LiveMap<T> => this.#live().map(slot);
  readonly archive = (slot: AccountArchive): LiveArchive =>
    liveArchive(slot, { owner: this.jid, store: this.#parts.store, write: this.write, flush: this.#commit });

  readonly send = (stanza: Stanza): void => {
    if (this.#gated) this.whenDurable(() => this.host.route(stanza));
    else this.host.route(stanza);
  };

  readonly outboundVerdict = (stanza: Stanza, session: Session): Verdict | undefined =>
    this.#parts.stage.outboundVerdict(this, stanza, session);

  readonly whenDurable = (run: () => void, failed?: (cause: unknown) => void): void => {
    if (this.#gated) this.#outbox.add(this.#outbox.issued + (this.#writes.length > 0 ? 1 : 0), run, failed);
    else run();
  };

  /** True while something written is not durable yet, so that what is sent must wait. */
  get #gated(): boolean {
    return this.#writes.length > 0 || !this.#outbox.idle;
  }

  /** Joins the batch of what is being handled. */
  readonly write = (write: Write): void => {
    if (this.#writes.length === 0 && !this.#occupied && !this.#inQueue) this.#enqueue(() => undefined);
    this.#writes.push(write);
  };

  /** Delivers to a session, in the outbox's order. */
  readonly sendTo = (session: LocalSession, stanza: Stanza): void => {
    if (this.#gated) {
      stanza.hold();
      const done = (): void => stanza.release();
      this.whenDurable(() => {
        session.transmit(stanza);
        done();
      }, done);
    } else session.transmit(stanza);
  };

  /** What is stored has changed behind the slots' back: the account was created, or wiped. */
  readonly reload = (): void => {
    this.#reload = true;
  };

  /** Does what waits until the mailbox is empty or a promise makes it wait. */
  readonly run = (): void => {
    this.#inQueue = false;
    if (this.#phase === "asleep") this.#wake();
    while (this.#taken < this.#mailbox.length && !this.#occupied && this.#phase !== "waking") {
      const work = this.#mailbox[this.#taken];
      this.#taken += 1;
      assert(work !== undefined, "the mailbox has no holes");
      if (this.#phase === "absent") this.#refuse(work);
      else if (typeof work === "function") this.#perform(work);
      else if (work instanceof Outgoing) this.#do(work.stanza, work.session);
      else this.#do(work, undefined);
    }
    if (this.#taken === this.#mailbox.length) {
      this.#taken = 0;
      if (this.#mailbox.length > 0) this.#mailbox = [];
    } else if (this.#taken > mailboxCompactedAfter) {
      this.#mailbox = this.#mailbox.slice(this.#taken);
      this.#taken = 0;
    }
  };

  #enqueue(work: Work): void {
    this.#mailbox.push(work);
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
    try {
      pending = session === undefined ? stage.inbound(this, stanza) : stage.outbound(this, stanza, session);
    } catch (cause) {
      stage.crashed(this.jid, cause);
    }
    if (pending !== undefined) this.#await(pending, () => this.#settle(stanza));
    else this.#settle(stanza);
  }

  #perform(task: Task): void {
    let pending: void | Promise<void> = undefined;
    try {
      pending = task(this);
    } catch (cause) {
      this.#parts.stage.crashed(this.jid, cause);
    }
    // What a task wrote before it waits is committed at once: it may be the commit that it waits for.
    this.#commit();
    if (pending !== undefined) this.#await(pending, () => this.#commit());
  }

  #await(pending: Promise<void>, then: () => void): void {
    this.#occupied = true;
    pending
      .catch((cause: unknown) => this.#parts.stage.crashed(this.jid, cause))
      .finally(() => {
        this.#occupied = false;
        then();
        if (this.#reload && this.#outbox.idle) this.#wake();
        if (this.waiting > 0) this.#schedule();
      });
  }

  /** The handling of a stanza has ended; it counts as settled when what it wrote is durable. */
  #settle(stanza: Stanza): void {
    if (stanza.settlement !== undefined) {
      const release = (): void => stanza.release();
      this.whenDurable(release, release);
    }
    if (this.#writes.length > 0) this.#commit();
  }

  readonly #commit = (): void => {
    if (this.#writes.length === 0) return;
    const writes = this.#writes;
    this.#writes = [];
    const batch = this.#outbox.issue();
    this.#parts.store.commit(writes).then(
      () => this.#ended(() => this.#outbox.committed(batch)),
      (cause: unknown) => {
        this.#reload = true;
        this.#ended(() => this.#outbox.failed(batch, cause));
      },
    );
  };

  #ended(flush: () => void): void {
    flush();
    this.#commit();
    if (this.#reload && this.#outbox.idle && !this.#occupied) this.#wake();
  }

  /** Reads all slots in one request, at first use and again when a batch could not be written. */
  #wake(): void {
    this.#phase = "waking";
    this.#reload = false;
    this.#parts.store.load(this.jid).then(
      (loaded) => {
        this.#phase = this.#parts.exists(loaded) ? "awake" : "absent";
        const { store } = this.#parts;
        this.#slots = new LiveSlots({ owner: this.jid, loaded, store, write: this.write });
        this.#schedule();
      },
      (cause: unknown) => {
        this.#parts.stage.crashed(this.jid, cause);
        this.#refuseAll(cause);
      },
    );
  }

  /** The store could not be read: everything that waits gets an error; the next one to come tries again. */
  #refuseAll(cause: unknown): void {
    const refused = this.#mailbox.slice(this.#taken);
    this.#mailbox = [];
    this.#taken = 0;
    this.#phase = "asleep";
    for (const work of refused) this.#refuse(work, cause);
  }

  #refuse(work: Work, unreadable?: unknown): void {
    if (typeof work === "function") {
      this.#perform(() => work(undefined));
      return;
    }
    const stanza = work instanceof Outgoing ? work.stanza : work;
    if (unreadable === undefined) this.#parts.stage.absent(stanza);
    else this.#parts.stage.unreadable(stanza, unreadable);
    stanza.release();
  }

  #live(): LiveSlots {
    assert(this.#slots !== undefined, "slots are used by an account that is awake");
    return this.#slots;
  }
}

/** Stanzas that have been handled before the mailbox's array is cut. */
const mailboxCompactedAfter = 256;
