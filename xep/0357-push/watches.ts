import type { BareJid } from "#protocol/jid/jid.ts";
import type { Env, Timer } from "#kit/env.ts";
import type { Importance } from "./importance.ts";
import type { Excerpt } from "./summary.ts";

/** What is known of one client that is away: how much came for it, and when it may be told again. */
export interface Watch {
  messages: number;
  last: Excerpt | undefined;
  /** Something came that was not told yet. */
  due: Importance | undefined;
  /** Before this time nothing of that importance is told, in milliseconds since the epoch. */
  readonly notBefore: Record<Importance, number>;
  timer: { readonly at: number; readonly timer: Timer } | undefined;
}

/** Clients that are watched at the same time on one host; then the one whose news are oldest is forgotten. */
const watchesMax = 100_000;

/**
 * Clients that are away, from the first news until they are back. It decides when each is told: at once, unless it was told
 * of something as important a short while ago; then when that while is over, of all that came.
 */
export class Watches {
  readonly #env: Env;
  readonly #intervalMs: number;
  readonly #watchesMax: number;
  readonly #watches = new Map<string, Watch>();

  /** @param intervalMs between two times that one client is told of something equally important */
  constructor(env: Env, intervalMs: number, max = watchesMax) {
    this.#env = env;
    this.#intervalMs = intervalMs;
    this.#watchesMax = max;
  }

  /** How many messages have come for a client that is watched. */
  messagesOf(account: BareJid, name: string): number | undefined {
    return this.#watches.get(idOf(account, name))?.messages;
  }

  /**
   * What is known of a client of an account, under a name of its own; it is watched from now on.
   *
   * @param messages that had come for it before it was watched
   */
  of(account: BareJid, name: string, messages = 0): Watch {
    const id = idOf(account, name);
    const known = this.#watches.get(id) ?? fresh(messages);
    // The ones that were asked for last are at the end.
    this.#watches.delete(id);
    this.#watches.set(id, known);
    const [oldest] = this.#watches.keys();
    if (this.#watches.size > this.#watchesMax && oldest !== undefined) this.#drop(oldest);
    return known;
  }

  /**
   * There is something to tell: `tell` is called when it may be told, once for all that comes until then.
   *
   * @param afterMs at the earliest in so many milliseconds; 0 for at once
   */
  schedule(watch: Watch, importance: Importance, afterMs: number, tell: () => void): void {
    if (watch.due !== "high") watch.due = importance;
    const now = this.#env.now();
    const at = Math.max(now + afterMs, watch.notBefore[watch.due]);
    if (watch.timer !== undefined && watch.timer.at <= at) return;
    watch.timer?.timer.cancel();
    watch.timer = undefined;
    if (at <= now) tell();
    else this.#callAt(watch, at, tell);
  }

  /** The client is being told of what is due: the next time is a while away. */
  told(watch: Watch): void {
    const next = this.#env.now() + this.#intervalMs;
    watch.notBefore.low = next;
    if (watch.due === "high") watch.notBefore.high = next;
    watch.due = undefined;
    watch.last = undefined;
  }

  /** Has `look` called in a while, unless something is told before. */
  lookLater(watch: Watch, afterMs: number, look: () => void): void {
    if (watch.timer === undefined) this.#callAt(watch, this.#env.now() + afterMs, look);
  }

  /** The client is back, or not told any more. */
  forget(account: BareJid, name: string): void {
    this.#drop(idOf(account, name));
  }

  /** Nobody is told anything any more. */
  close(): void {
    for (const id of this.#watches.keys()) this.#drop(id);
  }

  #callAt(watch: Watch, at: number, run: () => void): void {
    const timer = this.#env.setTimer(at - this.#env.now(), () => {
      watch.timer = undefined;
      run();
    });
    watch.timer = { at, timer };
  }

  #drop(id: string): void {
    this.#watches.get(id)?.timer?.timer.cancel();
    this.#watches.delete(id);
  }
}

function fresh(messages: number): Watch {
  return {
    messages,
    last: undefined,
    due: undefined,
    notBefore: { high: -Infinity, low: -Infinity },
    timer: undefined,
  };
}

function idOf(account: BareJid, name: string): string {
  return `${account} ${name}`;
}
