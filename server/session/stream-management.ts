import type { StreamError } from "#protocol/stream/stream-error.ts";
import type { SmQueueLimits } from "#protocol/stream/sm/queue.ts";
import type { Env, Timer } from "#kit/env.ts";
import { sessionStored, stanzaWaits } from "#kit/lifecycle.ts";
import type { Session } from "#kit/session.ts";
import type { Stanza } from "#kit/stanza.ts";
import { StoreError } from "#kit/storage.ts";
import { Acknowledgements, askForAcknowledgement } from "../link/acknowledgements.ts";
import type { Tally } from "../tally.ts";
import type { EndedSessions } from "./ended-sessions.ts";
import { StoredHibernation, type HibernatedSession } from "./hibernation.ts";
import type { StoredSession } from "./resumption.ts";
import type { SessionLink } from "./session-link.ts";
import type { SessionAccount } from "./session-owner.ts";
import { Unacknowledged } from "./unacknowledged.ts";

/** What is stored of a session beside what stream management knows. */
export type SessionDescription = Pick<HibernatedSession, "resource" | "boundAt" | "language" | "slots">;

/** What stream management needs of its session. */
export interface ManagedSession extends Session {
  readonly account: SessionAccount;
  /** How it is connected; undefined while its stream is cut. */
  readonly link: SessionLink | undefined;
  readonly isOver: boolean;
  /** Stanzas for it that wait in the account's outbox. */
  readonly queued: number;
  readonly describe: () => SessionDescription;
  /** It has waited for its client as long as was agreed. */
  readonly expire: () => void;
}

/** Whether, and how long, a client can come back to its session. */
export interface Resumability {
  /** Under which the session can be resumed; undefined when it cannot. */
  readonly id: string | undefined;
  readonly resumeMs: number;
}

/**
 * Stream management of one session, once its client has enabled it (XEP-0198): what came and is settled, what is owed, and,
 * while the stream is cut, how long it is waited for the client and what must happen before the session goes on.
 */
export class StreamManagement implements Disposable {
  readonly id: string | undefined;
  readonly handled: Acknowledgements;
  readonly owed: Unacknowledged;
  readonly #session: ManagedSession;
  readonly #env: Env;
  readonly #resumeMs: number;
  /** Since when an acknowledgement is waited for. */
  #askedAt: number | undefined;
  #endsAt = 0;
  #expiry: Timer | undefined;
  /** The connection that will have the session once all is settled; the latest wins. */
  #resuming: SessionLink | undefined;
  /** The server was killed while the session hibernated: what contacts showed since it was cut is not known. */
  #missesPresence = false;

  /** @param stored of a session that waited for its client when the server was stopped, and does so again */
  constructor(
    session: ManagedSession,
    { env, limits, tally }: { readonly env: Env; readonly limits: SmQueueLimits; readonly tally: Tally },
    { id, resumeMs }: Resumability,
    stored?: StoredSession,
  ) {
    this.id = id;
    this.#session = session;
    this.#env = env;
    this.#resumeMs = resumeMs;
    const { account } = session;
    this.handled = new Acknowledgements((bytes) => {
      tally.acksSent += 1;
      session.link?.connection.write(bytes);
    });
    const parts = {
      account,
      messages: account.host.steps.messages,
      env,
      limits,
      waits: (stanza: Stanza) => account.host.emit(stanzaWaits, { account, session, stanza }),
      stored: () => account.host.emit(sessionStored, { account, session }),
    };
    if (stored === undefined) {
      this.owed = new Unacknowledged(parts);
      return;
    }
    const { acknowledged, sent, handled, missesPresence, expiresAt } = stored.session;
    const hibernation = new StoredHibernation(account, stored.id);
    const describe = (): HibernatedSession => this.#describe();
    this.owed = new Unacknowledged(parts, { acknowledged, sent, rows: stored.rows, stored: hibernation, describe });
    this.handled.goOnFrom(handled);
    this.#missesPresence = missesPresence;
    // A clock that was set back must not make it live for ever.
    this.#startExpiry(Math.min(resumeMs, expiresAt - env.now()));
  }

  /** When the session ends if its client does not come back, in milliseconds since the epoch; of no meaning while it is there. */
  get endsAt(): number {
    return this.#endsAt;
  }

  /** Since when the client owes an answer to the question what it has, in milliseconds since the epoch. */
  get askedAt(): number | undefined {
    return this.#askedAt;
  }

  /** What the client says is not read at present: its time begins anew. */
  waitLonger(now: number): void {
    if (this.#askedAt !== undefined) this.#askedAt = now;
  }

  /** Asks for an acknowledgement unless one is on its way, or nothing is owed: one question is out at any time. */
  ask(): void {
    const { link } = this.#session;
    if (this.#askedAt !== undefined || link === undefined || this.owed.size === 0) return;
    this.#askedAt = this.#env.now();
    link.connection.write(askForAcknowledgement);
  }

  /** Asks for a sign of life. */
  ping(): void {
    this.#askedAt ??= this.#env.now();
    this.#session.link?.connection.write(askForAcknowledgement);
  }

  /** The client has handled `h` stanzas. Returns the stream error for a count of stanzas that were never sent. */
  acknowledge(h: number): StreamError | undefined {
    this.#askedAt = undefined;
    // [xep0198-4-07]
    return this.owed.acknowledge(h);
  }

  /** The stream is cut and no other connection is about to have it. */
  get isAway(): boolean {
    return !this.#session.isOver && this.#session.link === undefined && this.#resuming === undefined;
  }

  /** The stream is cut: the client has as long as was agreed, and what it is owed is written down. */
  cut(): void {
    const { account } = this.#session;
    account.post(() => this.owed.secure());
    // [xep0198-4-08] [xep0198-7-02]
    this.#startExpiry();
    // A guest's account is in memory alone.
    if (account.isTemporary) return;
    this.handled.whenAllSettled(() => this.#hibernateSoon());
  }

  /**
   * What it is to be sent behind something that is being written comes first: a crash in between would take that from it. Nothing
   * more of that is begun meanwhile, or who is written to without end would never come to it.
   */
  #hibernateSoon(): void {
    const { account } = this.#session;
    account.post(() => {
      if (this.#session.queued === 0) this.#hibernate();
      else account.postQuietly(() => this.#hibernate());
    });
  }

  #hibernate(): void {
    if (!this.isAway || this.owed.hibernates) return;
    const stored = new StoredHibernation(this.#session.account, this.id ?? "");
    this.owed.hibernate(stored, () => this.#describe());
  }

  #describe(): HibernatedSession {
    return {
      ...this.owed.totals,
      ...this.#session.describe(),
      expiresAt: this.#endsAt,
      resumeMs: this.#resumeMs,
      handled: this.handled.settled,
      missesPresence: this.#missesPresence || !this.owed.isWhole,
    };
  }

  /**
   * The client is back on another connection.
   *
   * @param ready told `awake` once everything that arrived before the cut is settled and nothing is stored of the session
   * any more; `gone` when it is over, or went to a later connection; `unavailable` when it hibernates on
   */
  wake(link: SessionLink, ready: (outcome: "awake" | "gone" | "unavailable") => void): void {
    this.#resuming = link;
    this.#startExpiry();
    const { account } = this.#session;
    const awake = (): void => {
      if (!this.#isStillFor(link)) return ready("gone");
      this.#resuming = undefined;
      this.#stopExpiry();
      return ready("awake");
    };
    const unavailable = (): void => {
      if (this.#resuming === link) this.#resuming = undefined;
      ready("unavailable");
    };
    this.handled.whenAllSettled(() => {
      if (!this.owed.hibernates) awake();
      else account.request(() => this.#forgetHibernation(link, awake, unavailable), unavailable);
    });
  }

  /**
   * Before the session goes on: what has left the memory is read back, and what is stored of it forgotten for certain.
   * Otherwise a crash would take it back to where it is now, when its client has gone on.
   */
  async #forgetHibernation(link: SessionLink, awake: () => void, unavailable: () => void): Promise<void> {
    try {
      await this.owed.readBack();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return unavailable();
    }
    if (!this.#isStillFor(link)) return awake();
    const { account } = this.#session;
    const undo = this.owed.forgetHibernation();
    return account.whenDurable(awake, () => {
      undo?.();
      unavailable();
    });
  }

  #isStillFor(link: SessionLink): boolean {
    return !this.#session.isOver && this.#resuming === link;
  }

  /**
   * Sends again what the client has not had. [xep0198-5-20]
   *
   * @returns whether what contacts showed meanwhile may be missing
   */
  repeat(): boolean {
    const missed = this.#missesPresence;
    this.#missesPresence = false;
    for (const bytes of this.owed.bytesToRepeat()) this.#session.link?.connection.write(bytes);
    this.#askedAt = undefined;
    return missed;
  }

  /** From now on the session has as long as was agreed, or what is left of that after a restart. */
  #startExpiry(ms = this.#resumeMs): void {
    this.#stopExpiry();
    this.#endsAt = this.#env.now() + ms;
    this.#expiry = this.#env.setTimer(Math.max(0, ms), () => this.#session.expire());
  }

  #stopExpiry(): void {
    this.#expiry?.cancel();
    this.#expiry = undefined;
  }

  /** The session is over, and how much of it was handled is remembered. */
  end(endedSessions: EndedSessions): void {
    this.#stopExpiry();
    const { handled, id } = this;
    handled.end();
    // What is remembered for long holds on to nothing where it need not.
    const h = handled.areAllSettled ? handled.h : (): number => handled.h;
    if (id !== undefined) endedSessions.remember(this.#session.account.jid, id, h);
  }

  [Symbol.dispose](): void {
    this.#stopExpiry();
    this.owed[Symbol.dispose]();
  }
}
