import { bareOf, resourceOf, type BareJid, type Jid } from "#protocol/jid/jid.ts";
import type { Env, Timer } from "#kit/env.ts";
import { accountResting } from "#kit/lifecycle.ts";
import type { LoadedOwner, Store } from "#kit/storage.ts";
import type { LocalHost } from "../host/local-host.ts";
import { pipelineOf } from "../host/pipeline.ts";
import type { RunQueue } from "../run-queue.ts";
import type { LocalSession } from "../session/session.ts";
import { LocalAccount, type AccountStage, type AccountStore } from "./account.ts";
import { temporaryStore } from "./temporary-store.ts";
import { accountStore } from "./account-store-name.ts";

/** How often accounts that nobody uses are put to sleep. */
const sweepIntervalMs = 30_000;

/** The accounts that are awake. All others cost nothing. */
export class AccountRegistry {
  readonly #awake = new Map<BareJid, LocalAccount>();
  readonly #stages = new Map<LocalHost, AccountStage>();
  readonly #env: Env;
  readonly #store: Store;
  readonly #queue: RunQueue;
  readonly #mailboxStanzasMax: number;
  readonly #mailboxFull: () => void;
  readonly #restoreSessions: (account: LocalAccount) => Promise<void> | undefined;
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
  }) {
    this.#env = parts.env;
    this.#store = parts.store;
    this.#queue = parts.queue;
    this.#mailboxStanzasMax = parts.mailboxStanzasMax;
    this.#mailboxFull = parts.mailboxFull;
    this.#restoreSessions = parts.restoreSessions;
  }

  get size(): number {
    return this.#awake.size;
  }

  /** The account of a local address, which may turn out not to exist when it wakes. */
  get(host: LocalHost, jid: BareJid): LocalAccount {
    const awake = this.#awake.get(jid);
    if (awake !== undefined) return awake;
    return this.#create(host, jid, this.#store);
  }

  #create(host: LocalHost, jid: BareJid, store: AccountStore): LocalAccount {
    const account = new LocalAccount({
      jid,
      host,
      stage: this.#stage(host),
      store,
      queue: this.#queue,
      exists,
      mailboxStanzasMax: this.#mailboxStanzasMax,
    });
    this.#awake.set(jid, account);
    this.#sweep ??= this.#env.setTimer(sweepIntervalMs, this.#putToSleep);
    return account;
  }

  /** An account that lives in memory alone, as long as its session does: what ANONYMOUS gives (RFC 4505). */
  temporary(host: LocalHost, jid: BareJid): LocalAccount {
    return this.#awake.get(jid) ?? this.#create(host, jid, temporaryStore);
  }

  /** The local session behind a full JID. */
  sessionOf(jid: Jid): LocalSession | undefined {
    const resource = resourceOf(jid);
    return resource === undefined ? undefined : this.#awake.get(bareOf(jid))?.sessions.get(resource);
  }

  *sessions(): IterableIterator<LocalSession> {
    for (const account of this.#awake.values()) yield* account.sessions.values();
  }

  /** Whether any account still has something to do or to write. */
  get busy(): boolean {
    for (const account of this.#awake.values()) if (account.busy) return true;
    return false;
  }

  /** Those of one host that are awake. */
  *of(host: LocalHost): IterableIterator<LocalAccount> {
    for (const account of this.#awake.values()) if (account.host === host) yield account;
  }

  /** A host is gone: nothing of it stays in memory, whatever its accounts were doing. */
  forget(host: LocalHost): void {
    for (const account of this.of(host)) {
      for (const session of account.sessions.values()) session[Symbol.dispose]();
      this.#awake.delete(account.jid);
    }
    this.#stages.delete(host);
  }

  close(): void {
    this.#sweep?.cancel();
  }

  #stage(host: LocalHost): AccountStage {
    let stage = this.#stages.get(host);
    if (stage === undefined) {
      const pipeline = pipelineOf(host, this.#mailboxFull);
      // First its sessions: what features do then may be for them.
      const woken: AccountStage["woken"] = (account) =>
        this.#restoreSessions(account)?.then(() => pipeline.woken(account)) ?? pipeline.woken(account);
      stage = { ...pipeline, woken };
      this.#stages.set(host, stage);
    }
    return stage;
  }

  /** The server stops, or one host of it: features write what only memory has of accounts. */
  rest(accounts: Iterable<LocalAccount> = this.#awake.values()): void {
    for (const account of accounts) if (account.resting) account.host.emit(accountResting, { account });
  }

  readonly #putToSleep = (): void => {
    for (const account of this.#awake.values())
      if (account.idle && account.resting) account.host.emit(accountResting, { account });
    for (const [jid, account] of this.#awake) if (account.idle) this.#awake.delete(jid);
    this.#sweep = this.#awake.size === 0 ? undefined : this.#env.setTimer(sweepIntervalMs, this.#putToSleep);
  };
}

function exists(loaded: LoadedOwner): boolean {
  return loaded.has(accountStore);
}
