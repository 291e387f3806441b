/** Counts, for one stream, up to which of its stanzas everything is settled (ARCHITECTURE.md, "Acked means durable"). */
export class SettlementTracker {
  /** Stanzas received on the stream and its resumptions. */
  received = 0;
  /** Every stanza up to this one is settled; what an acknowledgement may say. */
  settled = 0;
  readonly #early = new Set<number>();
  readonly #changed: () => void;

  /** @param changed called whenever `settled` has grown */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Opens the account of the next stanza; it is settled when every hold on it is released. */
  next(): Settlement {
    this.received += 1;
    return new Settlement(this, this.received);
  }

  /** Called by {@link Settlement}. */
  close(sequence: number): void {
    if (sequence !== this.settled + 1) {
      this.#early.add(sequence);
      return;
    }
    this.settled = sequence;
    while (this.#early.size > 0 && this.#early.delete(this.settled + 1)) this.settled += 1;
    this.#changed();
  }
}

/**
 * What must still happen before one stanza may be acknowledged to its sender. It begins with one hold, of the one who
 * handles the stanza; whoever takes on a duty that outlasts the handling (a row to commit, a recipient's
 * acknowledgement) adds a hold and releases it when the duty is done.
 */
export class Settlement {
  /** Of a stanza that is safe already: nobody waits for anything more. */
  static readonly settled: Pick<Settlement, "hold" | "release"> = { hold: () => undefined, release: () => undefined };
  #holds = 1;
  /** Undefined once it is settled: from then on it stays so, and whoever still has it keeps no stream alive. */
  #tracker: SettlementTracker | undefined;
  readonly #sequence: number;

  constructor(tracker: SettlementTracker, sequence: number) {
    this.#tracker = tracker;
    this.#sequence = sequence;
  }

  hold(): void {
    if (this.#tracker !== undefined) this.#holds += 1;
  }

  release(): void {
    const tracker = this.#tracker;
    if (tracker === undefined) return;
    this.#holds -= 1;
    if (this.#holds > 0) return;
    this.#tracker = undefined;
    tracker.close(this.#sequence);
  }
}
