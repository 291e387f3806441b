import { xml } from "#protocol/xml/element.ts";
import { NS_SM } from "#protocol/xml/namespaces.ts";
import { StreamError } from "../stream-error.ts";
import { addToCount, countBetween } from "./counter.ts";

/** A stanza that was sent and not yet acknowledged: its owner knows what it takes to send it again. */
export interface SmEntry {
  /** Of what goes over the wire, in bytes. */
  readonly size: number;
}

export interface SmQueueLimits {
  /** Stanzas sent and not acknowledged. */
  readonly entriesMax: number;
  /** Their size together, in bytes. */
  readonly bytesMax: number;
}

export const defaultSmQueueLimits: SmQueueLimits = { entriesMax: 5_000, bytesMax: 4 * 1024 * 1024 };

export type Acknowledgement<Entry> =
  /** What the peer has handled since the last time, oldest first. */
  | { readonly type: "acknowledged"; readonly entries: readonly Entry[] }
  /** The peer counts stanzas that it was never sent: close with this error (S8). [xep0198-6-04] */
  | { readonly type: "tooHigh"; readonly error: StreamError };

/** What we sent and the peer has not yet said it handled. XEP-0198 §4. Lives in the session and outlives its streams. */
export class SmQueue<Entry extends SmEntry> {
  readonly #limits: SmQueueLimits;
  #entries: Entry[] = [];
  /** Index of the oldest entry: those before it are acknowledged, and cut off now and then. */
  #head = 0;
  #bytes = 0;
  /** Not reduced modulo 2^32, so that a count from the past can be told from one from the future. */
  #acknowledgedTotal = 0;

  /** @param before what a queue held that this one goes on for, and how many stanzas had been acknowledged there in all */
  constructor(
    limits: SmQueueLimits = defaultSmQueueLimits,
    before?: { readonly acknowledgedTotal: number; readonly entries: readonly Entry[] },
  ) {
    this.#limits = limits;
    if (before === undefined) return;
    this.#acknowledgedTotal = before.acknowledgedTotal;
    this.#entries = [...before.entries];
    for (const { size } of before.entries) this.#bytes += size;
  }

  get size(): number {
    return this.#entries.length - this.#head;
  }

  /** Size of what waits, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many stanzas the peer has acknowledged since stream management was enabled. */
  get acknowledgedTotal(): number {
    return this.#acknowledgedTotal;
  }

  /** How many stanzas were sent since stream management was enabled, modulo 2^32. */
  get sentCount(): number {
    return addToCount(this.acknowledgedCount, this.size);
  }

  /** The last count that the peer told us, modulo 2^32. */
  get acknowledgedCount(): number {
    return addToCount(this.#acknowledgedTotal, 0);
  }

  /** Remembers a stanza as sent. False when a bound is hit: it is not remembered, must not be sent, and the stream should end. */
  push(entry: Entry): boolean {
    if (this.size >= this.#limits.entriesMax || this.#bytes + entry.size > this.#limits.bytesMax) return false;
    this.#entries.push(entry);
    this.#bytes += entry.size;
    return true;
  }

  /** The peer has handled `h` stanzas: of `<a/>`, `<resume/>` and `<resumed/>` alike. A count from the past changes nothing. */
  acknowledge(h: number): Acknowledgement<Entry> {
    const count = countBetween(this.acknowledgedCount, h);
    if (count > this.size) {
      if (this.#isPast(h)) return { type: "acknowledged", entries: [] };
      return { type: "tooHigh", error: handledCountTooHigh(h, this.sentCount) };
    }
    const entries = this.#entries.slice(this.#head, this.#head + count);
    for (const { size } of entries) this.#bytes -= size;
    this.#head += count;
    this.#acknowledgedTotal += count;
    // Cutting off only when half is dead keeps the cost of an entry constant.
    if (this.#head > 32 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return { type: "acknowledged", entries };
  }

  /** What to send again after a resumption, or to hand on when there is none: oldest first. */
  unacknowledged(skipped = 0): readonly Entry[] {
    return this.#entries.slice(this.#head + skipped);
  }

  /** Drops what will not be sent again, and so is never acknowledged. Only ahead of sending all the rest again. */
  dropWhere(gone: (entry: Entry) => boolean): void {
    this.#entries = this.unacknowledged().filter((entry) => {
      if (!gone(entry)) return true;
      this.#bytes -= entry.size;
      return false;
    });
    this.#head = 0;
  }

  #isPast(h: number): boolean {
    const back = countBetween(h, this.acknowledgedCount);
    return back < 2 ** 31 && back <= this.#acknowledgedTotal;
  }
}

function handledCountTooHigh(h: number, sent: number): StreamError {
  return new StreamError("undefined-condition", {
    text: `${h} stanzas acknowledged, ${sent} sent`,
    specific: xml(NS_SM, "handled-count-too-high", { h: String(h), "send-count": String(sent) }),
  });
}
