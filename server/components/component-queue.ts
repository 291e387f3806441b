import { copyOut } from "#protocol/xml/copy-out.ts";
import type { Stanza } from "#kit/stanza.ts";
import type { Duty } from "../s2s/outgoing-store.ts";

/** A stanza on its way to a component, and what of it goes on the wire. */
export interface WaitingStanza {
  readonly stanza: Stanza;
  readonly bytes: string;
  /** To bring it there or back; undefined where nothing was promised about it. */
  readonly duty: Duty | undefined;
}

/** What waits for one component, in order and within bounds. */
export class ComponentQueue {
  readonly #bounds: { readonly queueStanzasMax: number; readonly queueBytesMax: number };
  #waiting: WaitingStanza[] = [];
  #bytes = 0;

  constructor(bounds: { readonly queueStanzasMax: number; readonly queueBytesMax: number }) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @returns false where there is no room */
  add({ stanza, bytes, duty }: WaitingStanza): boolean {
    if (!this.#hasRoomFor(bytes)) return false;
    // It outlives this turn, and must not keep alive what it was read from.
    this.#waiting.push({ stanza: stanza.rewritten(copyOut(stanza.element)), bytes, duty });
    this.#bytes += bytes.length;
    return true;
  }

  /** Puts what could not be delivered ahead of the rest, in its order; returns what there is no room for. */
  putBack(undelivered: readonly WaitingStanza[]): readonly WaitingStanza[] {
    const kept: WaitingStanza[] = [];
    const left: WaitingStanza[] = [];
    for (const waiting of undelivered) {
      const fits = this.#hasRoomFor(waiting.bytes) && this.#waiting.length + kept.length < this.#bounds.queueStanzasMax;
      (fits ? kept : left).push(waiting);
      if (fits) this.#bytes += waiting.bytes.length;
    }
    this.#waiting = [...kept, ...this.#waiting];
    return left;
  }

  takeAll(): readonly WaitingStanza[] {
    const all = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    return all;
  }

  #hasRoomFor(bytes: string): boolean {
    const { queueStanzasMax, queueBytesMax } = this.#bounds;
    return this.#waiting.length < queueStanzasMax && this.#bytes + bytes.length <= queueBytesMax;
  }
}
