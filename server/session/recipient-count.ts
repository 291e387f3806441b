import type { BareJid } from "#protocol/jid/jid.ts";

export interface RecipientLimit {
  /** Different addresses that a session may write to within the window. */
  readonly max: number;
  readonly windowMs: number;
}

/** Counts to how many different addresses a session writes: whoever writes to ever more of them sends spam. */
export class RecipientCount {
  readonly #limit: RecipientLimit;
  readonly #now: () => number;
  /** Undefined until it writes to somebody: most sessions are silent most of the time. */
  #seen: Set<BareJid> | undefined;
  #windowEnd = 0;

  constructor(limit: RecipientLimit, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  /** Whether one more stanza may go to this address. */
  admits(recipient: BareJid): boolean {
    const now = this.#now();
    if (now >= this.#windowEnd) {
      this.#seen = undefined;
      this.#windowEnd = now + this.#limit.windowMs;
    }
    this.#seen ??= new Set();
    if (this.#seen.has(recipient)) return true;
    // [rfc6120-13.12-12]
    if (this.#seen.size >= this.#limit.max) return false;
    this.#seen.add(recipient);
    return true;
  }
}
