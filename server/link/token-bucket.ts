/**
 * Lets through `perSecond` units a second on average, and `burst` at once. Whoever takes more than there is goes into
 * debt and is told how long to wait.
 */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #level: number;
  #at: number;

  constructor(limit: { readonly perSecond: number; readonly burst: number }, now: number) {
    this.#perSecond = limit.perSecond;
    this.#burst = limit.burst;
    this.#level = limit.burst;
    this.#at = now;
  }

  /**
   * Takes `units`.
   *
   * @param now milliseconds since the epoch
   * @returns milliseconds to wait before taking more; 0 when there is no need
   */
  take(units: number, now: number): number {
    // A clock that was set back gives nothing and takes nothing.
    const elapsed = Math.max(0, now - this.#at);
    this.#at = now;
    this.#level = Math.min(this.#burst, this.#level + (elapsed * this.#perSecond) / 1000) - units;
    return this.#level >= 0 ? 0 : Math.ceil((-this.#level * 1000) / this.#perSecond);
  }
}
