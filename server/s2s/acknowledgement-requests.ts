import type { Env, Timer } from "#kit/env.ts";

/** Stanzas after which the peer is asked, however short ago it was asked before. */
export const askAfterStanzas = 64;
/** How long it is not asked again, in milliseconds: a sender's own acknowledgement may wait for it. */
export const askAfterMs = 100;
/** After an acknowledgement that tells nothing new, until the next is asked for, in milliseconds. */
const askAgainMs = 5_000;

/**
 * Decides when a peer is asked how much of what it was sent it has handled (XEP-0198 §4). The first stanza after a pause
 * takes the question along. When many come one after the other a question for each would cost both sides as much as the
 * stanzas themselves: then one is asked for so many stanzas, or a moment later. Never is there a second one on its way.
 */
export class AcknowledgementRequests {
  readonly #env: Pick<Env, "now" | "setTimer">;
  readonly #write: () => boolean;
  #unansweredSince: number | undefined;
  #askedAt = -Infinity;
  /** Stanzas that were sent since, or that an answer has left open. */
  #open = 0;
  #timer: { readonly timer: Timer; readonly delayMs: number } | undefined;

  /** @param write writes `<r/>`; false where there is no connection */
  constructor(env: Pick<Env, "now" | "setTimer">, write: () => boolean) {
    this.#env = env;
    this.#write = write;
  }

  /** Since when an answer is waited for, in milliseconds since the epoch. */
  get unansweredSince(): number | undefined {
    return this.#unansweredSince;
  }

  /** A stanza was sent. */
  sent(): void {
    if (this.#unansweredSince !== undefined) return;
    this.#open += 1;
    this.#askInTime();
  }

  /** Asks at once, unless an answer is on its way: there is no room any more, or no time. */
  ask(): void {
    if (this.#unansweredSince !== undefined || !this.#write()) return;
    this.#stopTimer();
    this.#open = 0;
    this.#unansweredSince = this.#askedAt = this.#env.now();
  }

  /**
   * The peer has answered, asked or not.
   *
   * @param open stanzas that it has not handled yet
   * @param news whether it has handled more than it had told before
   */
  answered(open: number, news: boolean): void {
    this.#unansweredSince = undefined;
    this.#open = open;
    if (open === 0) this.#stopTimer();
    else if (news) this.#askInTime();
    // A peer that has nothing new to say answers at once all the same, and may be waiting itself.
    else if (this.#timer === undefined) this.#askIn(askAgainMs);
  }

  /** The connection is gone, and with it whatever was asked on it. */
  cut(): void {
    this.#unansweredSince = undefined;
    this.#stopTimer();
  }

  #askInTime(): void {
    const leftMs = this.#askedAt + askAfterMs - this.#env.now();
    if (leftMs <= 0 || this.#open >= askAfterStanzas) this.ask();
    else if (this.#timer === undefined || this.#timer.delayMs > askAfterMs) this.#askIn(Math.min(leftMs, askAfterMs));
  }

  #askIn(delayMs: number): void {
    this.#stopTimer();
    const timer = this.#env.setTimer(delayMs, () => {
      this.#timer = undefined;
      this.ask();
    });
    this.#timer = { timer, delayMs };
  }

  #stopTimer(): void {
    this.#timer?.timer.cancel();
    this.#timer = undefined;
  }
}
