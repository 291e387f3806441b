import { domainOf, type BareJid, type DomainJid } from "#protocol/jid/jid.ts";
import type { Env, Timer } from "#kit/env.ts";
import { Deadlines, type Deadline } from "./deadlines.ts";

/** Accounts that are woken at the same time because sessions of theirs have ended. */
const wokenAtOnceMax = 100;
/** When an account that could not be read is tried again, in milliseconds. */
const wakeAgainAfterMs = 5_000;

/** An account that is not in memory and has sessions all the same. */
interface Sleeper extends Deadline {
  readonly account: BareJid;
  readonly sessions: number;
}

/**
 * The accounts that sleep while their sessions hibernate: all that memory knows of them is how many sessions they are, and when
 * the first one ends that its client does not come back for. Then the account is woken, and does the rest itself. One
 * timer serves all.
 */
export class SleepingSessions {
  readonly #env: Pick<Env, "now" | "setTimer">;
  readonly #wake: (account: BareJid) => Promise<boolean>;
  readonly #sleepers = new Map<BareJid, Sleeper>();
  readonly #deadlines = new Deadlines<Sleeper>();
  #sessions = 0;
  #timer: Timer | undefined;
  #timerAt = Infinity;
  #waking = false;
  #closed = false;

  /** @param wake has an account read; false where that fails. What was read is to be taken out of here. */
  constructor(env: Pick<Env, "now" | "setTimer">, wake: (account: BareJid) => Promise<boolean>) {
    this.#env = env;
    this.#wake = wake;
  }

  /** How many sessions they all are. */
  get sessions(): number {
    return this.#sessions;
  }

  /** How many sessions those of one host are. */
  sessionsAt(domain: DomainJid): number {
    let sessions = 0;
    for (const sleeper of this.#sleepers.values())
      if (domainOf(sleeper.account) === domain) sessions += sleeper.sessions;
    return sessions;
  }

  sessionsOf(account: BareJid): number {
    return this.#sleepers.get(account)?.sessions ?? 0;
  }

  accounts(): IterableIterator<BareJid> {
    return this.#sleepers.keys();
  }

  /** @param endsAt when the first of its sessions does, in milliseconds since the epoch */
  add(account: BareJid, sessions: number, endsAt: number): void {
    this.delete(account);
    const sleeper: Sleeper = { account, sessions, at: endsAt, place: -1 };
    this.#sleepers.set(account, sleeper);
    this.#sessions += sessions;
    this.#deadlines.add(sleeper);
    this.#setTimer();
  }

  /** It is awake, or gone. */
  delete(account: BareJid): void {
    const sleeper = this.#sleepers.get(account);
    if (sleeper === undefined) return;
    this.#sleepers.delete(account);
    this.#sessions -= sleeper.sessions;
    this.#deadlines.delete(sleeper);
  }

  /** This host is not served any more. */
  forget(domain: DomainJid): void {
    for (const account of this.#sleepers.keys()) if (domainOf(account) === domain) this.delete(account);
  }

  /** Nobody is woken any more. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #setTimer(): void {
    const at = this.#deadlines.first?.at ?? Infinity;
    if (this.#closed || this.#waking || at >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = this.#env.setTimer(Math.max(0, at - this.#env.now()), () => void this.#wakeDue());
  }

  async #wakeDue(): Promise<void> {
    this.#timerAt = Infinity;
    this.#timer = undefined;
    this.#waking = true;
    for (let due = this.#takeDue(); due.length > 0 && !this.#closed; due = this.#takeDue())
      await Promise.all(due.map((sleeper) => this.#wakeOne(sleeper)));
    this.#waking = false;
    this.#setTimer();
  }

  #takeDue(): readonly Sleeper[] {
    const now = this.#env.now();
    const due: Sleeper[] = [];
    while (due.length < wokenAtOnceMax) {
      const { first } = this.#deadlines;
      if (first === undefined || first.at > now) break;
      this.#deadlines.delete(first);
      due.push(first);
    }
    return due;
  }

  async #wakeOne(sleeper: Sleeper): Promise<void> {
    if (await this.#wake(sleeper.account)) return;
    if (this.#sleepers.get(sleeper.account) !== sleeper || this.#closed) return;
    sleeper.at = this.#env.now() + wakeAgainAfterMs;
    this.#deadlines.add(sleeper);
  }
}
