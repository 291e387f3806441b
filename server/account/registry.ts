import { bareOf, resourceOf, type BareJid, type DomainJid, type Jid } from "#protocol/jid/jid.ts";
import type { Env, Timer } from "#kit/env.ts";
import { accountResting } from "#kit/lifecycle.ts";
import type { LoadedOwner, Store } from "#kit/storage.ts";
import type { SteppedHost } from "../host/stepped-host.ts";
import { pipelineOf } from "../host/pipeline.ts";
import type { RunQueue } from "../run-queue.ts";
import { readHibernated, type HibernatedSession } from "../session/hibernation.ts";
import type { LocalSession } from "../session/session.ts";
import { SleepingSessions } from "../session/sleeping-sessions.ts";
import { LocalAccount } from "./account.ts";
import type { AccountStore } from "./account-store.ts";
import type { AccountStage } from "./account-stage.ts";
import { temporaryStore } from "./temporary-store.ts";
import { accountStore, deletionStore } from "./account-store.ts";
import { pagesInTurn } from "./pages-in-turn.ts";

/**
 * How often accounts that nobody uses are put to sleep, in milliseconds. One whose sessions hibernate is put to sleep when
 * nothing came for it that long.
 */
export const sweepIntervalMs = 30_000;

/** The accounts that are awake. All others cost nothing, or next to nothing while sessions of theirs hibernate. */
export class AccountRegistry {
  readonly #awake = new Map<BareJid, LocalAccount>();
  readonly #stages = new Map<SteppedHost, AccountStage<LocalAccount>>();
  readonly #env: Env;
  readonly #store: Store;
  readonly #accountStore: AccountStore;
  readonly #queue: RunQueue;
  readonly #mailboxStanzasMax: number;
  readonly #mailboxFull: () => void;
  readonly #restoreSessions: (account: LocalAccount) => Promise<void> | undefined;
  readonly #hostOf: (jid: BareJid) => SteppedHost | undefined;
  readonly #sleeping: SleepingSessions;
  #sweep: Timer | undefined;

  constructor(parts: {
    readonly env: Env;
    readonly store: Store;
    readonly queue: RunQueue;
    readonly mailboxStanzasMax: number;
    /** Told when a stanza finds no room in an account's mailbox. */
    readonly mailboxFull: () => void;
    /** Gives an account that was just read the sessions that it had before the server was started. */
    readonly restoreSessions: (account: LocalAccount) => Promise<void> | undefined;
    /** The host that serves an address at present. */
    readonly hostOf: (jid: BareJid) => SteppedHost | undefined;
  }) {
    this.#env = parts.env;
    this.#store = parts.store;
    this.#accountStore = pagesInTurn(parts.store);
    this.#queue = parts.queue;
    this.#mailboxStanzasMax = parts.mailboxStanzasMax;
    this.#mailboxFull = parts.mailboxFull;
    this.#restoreSessions = parts.restoreSessions;
    this.#hostOf = parts.hostOf;
    this.#sleeping = new SleepingSessions(parts.env, (jid) => this.#wakes(jid));
  }

  get size(): number {
    return this.#awake.size;
  }

  /** The account of a local address, which may turn out not to exist when it wakes. */
  get(host: SteppedHost, jid: BareJid): LocalAccount {
    const awake = this.#awake.get(jid);
    if (awake !== undefined) return awake;
    return this.#create(host, jid, this.#accountStore);
  }

  #create(host: SteppedHost, jid: BareJid, store: AccountStore): LocalAccount {
    const account = new LocalAccount({
      jid,
      host,
      stage: this.#stage(host),
      store,
      queue: this.#queue,
      exists,
      successor: () => this.#awake.get(jid) ?? this.#create(host, jid, store),
      mailboxStanzasMax: this.#mailboxStanzasMax,
    });
    this.#awake.set(jid, account);
    this.#sweep ??= this.#env.setTimer(sweepIntervalMs, this.#putToSleep);
    return account;
  }

  /** An account that lives in memory alone, as long as its session does: what ANONYMOUS gives (RFC 4505). */
  temporary(host: SteppedHost, jid: BareJid): LocalAccount {
    return this.#awake.get(jid) ?? this.#create(host, jid, temporaryStore);
  }

  /** The local session behind a full JID. */
  sessionOf(jid: Jid): LocalSession | undefined {
    const resource = resourceOf(jid);
    return resource === undefined ? undefined : this.#awake.get(bareOf(jid))?.sessions.get(resource);
  }

  /** Those in memory: not those of accounts that sleep. */
  *sessions(): IterableIterator<LocalSession> {
    for (const account of this.#awake.values()) yield* account.sessions.values();
  }

  /** How many sessions there are in all, or at one host. */
  countSessions(domain?: DomainJid): number {
    let sessions = domain === undefined ? this.#sleeping.sessions : this.#sleeping.sessionsAt(domain);
    for (const account of this.#awake.values())
      if (domain === undefined || account.host.domain === domain) sessions += account.sessions.size;
    return sessions;
  }

  /** How many sessions one account has. */
  countSessionsOf(jid: BareJid): number {
    return Math.max(this.#awake.get(jid)?.sessions.size ?? 0, this.#sleeping.sessionsOf(jid));
  }

  /** Accounts that sleep while sessions of theirs hibernate. */
  sleeping(): IterableIterator<BareJid> {
    return this.#sleeping.accounts();
  }

  /**
   * What the sessions are of one that sleeps; it sleeps on.
   *
   * @throws StoreError
   */
  readSleeping(jid: BareJid): Promise<readonly HibernatedSession[]> {
    return readHibernated(this.#store, jid);
  }

  /**
   * Has an account read, with the sessions that it has.
   *
   * @throws StoreError
   */
  wake(host: SteppedHost, jid: BareJid): Promise<LocalAccount | undefined> {
    return new Promise((resolve, reject) => {
      this.get(host, jid).request((account) => resolve(account), reject);
    });
  }

  async #wakes(jid: BareJid): Promise<boolean> {
    const host = this.#hostOf(jid);
    return (
      host !== undefined &&
      (await this.wake(host, jid).then(
        () => true,
        () => false,
      ))
    );
  }

  /** Whether any account still has something to do or to write. */
  get busy(): boolean {
    for (const account of this.#awake.values()) if (account.busy) return true;
    return false;
  }

  /** Those of one host that are awake. */
  *of(host: SteppedHost): IterableIterator<LocalAccount> {
    for (const account of this.#awake.values()) if (account.host === host) yield account;
  }

  /** A host is gone: nothing of it stays in memory, whatever its accounts were doing. */
  forget(host: SteppedHost): void {
    for (const account of this.of(host)) {
      for (const session of account.sessions.values()) session[Symbol.dispose]();
      this.#awake.delete(account.jid);
    }
    this.#sleeping.forget(host.domain);
    this.#stages.delete(host);
  }

  close(): void {
    this.#sweep?.cancel();
    this.#sleeping.close();
  }

  #stage(host: SteppedHost): AccountStage<LocalAccount> {
    let stage = this.#stages.get(host);
    if (stage === undefined) {
      const pipeline = pipelineOf(host, this.#mailboxFull);
      // First its sessions: what features do then may be for them.
      const woken: AccountStage<LocalAccount>["woken"] = (account) =>
        this.#restore(account)?.then(() => pipeline.woken(account)) ?? pipeline.woken(account);
      stage = { ...pipeline, woken };
      this.#stages.set(host, stage);
    }
    return stage;
  }

  /** The server stops, or one host of it: features write what only memory has of accounts. */
  rest(accounts: Iterable<LocalAccount> = this.#awake.values()): void {
    for (const account of accounts) if (account.resting) account.host.emit(accountResting, { account });
  }

  #restore(account: LocalAccount): Promise<void> | undefined {
    const restoring = this.#restoreSessions(account);
    // Only now: where it cannot be read, somebody must still know when its sessions end.
    if (restoring === undefined) this.#sleeping.delete(account.jid);
    return restoring?.then(() => this.#sleeping.delete(account.jid));
  }

  readonly #putToSleep = (): void => {
    for (const account of this.#awake.values())
      if (account.idle && account.resting) account.host.emit(accountResting, { account });
    for (const account of this.#awake.values())
      if (account.idle) this.#forget(account);
      else if (!account.takeUsed()) this.letSleep(account);
    this.#sweep = this.#awake.size === 0 ? undefined : this.#env.setTimer(sweepIntervalMs, this.#putToSleep);
  };

  /**
   * An account all of whose sessions hibernate sleeps until somebody needs it, or one of them ends. What only memory has of
   * them is written first; what comes meanwhile keeps it awake.
   */
  letSleep(account: LocalAccount): void {
    if (!account.isDeserted || account.busy) return;
    account.postLocal((awake) => {
      if (awake === undefined) return;
      for (const session of account.sessions.values()) session.completeHibernation();
      account.host.emit(accountResting, { account });
      account.whenDurable(() => this.#env.defer(() => this.#forgetAtRest(account)));
    });
    // That was nothing to keep it awake for.
    account.takeUsed();
  }

  #forgetAtRest(account: LocalAccount): void {
    if (account.takeUsed() || this.#awake.get(account.jid) !== account || !account.resting || !account.isAtRest) return;
    const endsAt = [...account.sessions.values()].map((session) => session.management?.endsAt ?? Infinity);
    this.#sleeping.add(account.jid, endsAt.length, Math.min(...endsAt));
    this.#forget(account);
  }

  #forget(account: LocalAccount): void {
    this.#awake.delete(account.jid);
    account.retire();
  }
}

/** One that is gone is still there until what it had is cleared away: it takes an owner to do so. */
function exists(loaded: LoadedOwner): boolean {
  return loaded.has(accountStore) || loaded.has(deletionStore);
}
