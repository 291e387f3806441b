/** How long a peer may be silent. */
export interface SilenceBounds {
  /** When it is asked whether it is there, in milliseconds. */
  readonly afterMs: number;
  readonly answerMsMax: number;
}

/** Whether a peer that says nothing is still there: it is asked, and whatever it says then is an answer. */
export class Silence {
  /** When it was asked, in milliseconds since the epoch; undefined where it need not be. */
  #askedAt: number | undefined;

  /**
   * @param heardAt when it said something last
   * @returns what to do: nothing, ask it now, or give it up
   */
  check(now: number, heardAt: number, { afterMs, answerMsMax }: SilenceBounds): "wait" | "ask" | "giveUp" {
    if (this.#askedAt !== undefined && heardAt < this.#askedAt)
      return now - this.#askedAt >= answerMsMax ? "giveUp" : "wait";
    if (now - heardAt < afterMs) return "wait";
    this.#askedAt = now;
    return "ask";
  }
}
