import type { EarlyPeer } from "#kit/server-module.ts";
import type { SessionSlot } from "#kit/slots.ts";

/** One connection that nobody has logged in on; see {@link EarlyPeer}. */
export class LocalEarlyPeer implements EarlyPeer {
  readonly address: string;
  readonly #slots = new Map<object, unknown>();

  constructor(address: string) {
    this.address = address;
  }

  readonly get = <T>(slot: SessionSlot<T>): T => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a slot's value is only ever set under the slot itself
    if (this.#slots.has(slot)) return this.#slots.get(slot) as T;
    return slot.initial();
  };

  readonly set = <T>(slot: SessionSlot<T>, value: T): void => {
    this.#slots.set(slot, value);
  };
}
