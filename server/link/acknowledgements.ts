import { smCountModulus } from "#protocol/stream/sm/counter.ts";
import { buildSm } from "#protocol/stream/sm/elements.ts";
import { serializeBytes } from "#protocol/xml/serialize.ts";
import type { Timer } from "#kit/env.ts";
import { type Settlement, SettlementTracker } from "#kit/settlement.ts";

/** Asks the peer how many stanzas it has handled. XEP-0198 §4 */
export const askForAcknowledgement = serializeBytes(buildSm({ type: "r" }));

/**
 * One direction of stream management (XEP-0198 §4): what a peer has sent on a stream and its resumptions, and what it is
 * told of it. Never is more acknowledged than what is settled (ARCHITECTURE.md, "Acked means durable").
 */
export class Acknowledgements {
  readonly #tracker = new SettlementTracker(() => this.#settledMore());
  #tell: (acknowledgement: string) => void;
  readonly #waiters: (() => void)[] = [];
  #wait: ((run: () => void) => Timer) | undefined;
  /** The peer asked while not everything was settled. */
  #answerDue = false;
  /** What it is told meanwhile. */
  #answer: Timer | undefined;

  /**
   * @param tell writes an `<a/>`, as bytes, where there is a connection
   * @param wait runs something after the time for which a peer may wait for its answer; without it none waits
   */
  constructor(tell: (acknowledgement: string) => void, wait?: (run: () => void) => Timer) {
    this.#tell = tell;
    this.#wait = wait;
  }

  /** How many stanzas are settled, as `h` counts them. */
  get h(): number {
    return this.#tracker.settled % smCountModulus;
  }

  /** How many stanzas are settled, without end. */
  get settled(): number {
    return this.#tracker.settled;
  }

  get areAllSettled(): boolean {
    return this.#tracker.settled === this.#tracker.received;
  }

  /** A stanza came. It is settled when what is returned is released. */
  next(): Settlement {
    return this.#tracker.next();
  }

  /** Goes on where a stream was that had this many stanzas, all of them settled. */
  goOnFrom(settled: number): void {
    this.#tracker.received = settled;
    this.#tracker.settled = settled;
  }

  /** Tells what is settled now. */
  tell(): void {
    this.#answer?.cancel();
    this.#answer = undefined;
    this.#tell(serializeBytes(buildSm({ type: "a", h: this.h })));
  }

  /**
   * The peer wants to know: it is told at once, or so soon that what is just being settled need not be told by itself, and
   * again when the rest is settled. [xep0198-4-03] [xep0198-4-04]
   */
  answer(): void {
    this.#answerDue = !this.areAllSettled;
    if (!this.#answerDue || this.#wait === undefined) this.tell();
    else this.#answer ??= this.#wait(() => this.tell());
  }

  /** Runs when all that came is settled, or the stream has ended; at once where that is so. */
  whenAllSettled(run: () => void): void {
    if (this.areAllSettled) run();
    else this.#waiters.push(run);
  }

  /** The stream has ended: who waited waits no longer, and what is asked for now is the count alone. */
  end(): void {
    this.#tell = ignore;
    this.#wait = undefined;
    this.#answer?.cancel();
    this.#answer = undefined;
    this.#runWaiters();
  }

  #settledMore(): void {
    if (!this.areAllSettled) return;
    if (this.#answerDue) {
      this.#answerDue = false;
      this.tell();
    }
    this.#runWaiters();
  }

  #runWaiters(): void {
    for (const run of this.#waiters.splice(0)) run();
  }
}

function ignore(): void {}
