import type { SessionSlot } from "#kit/slots.ts";

/** A slot that may be stored. */
interface AnySlot {
  readonly label: string;
  readonly codec: { readonly encode: (value: never) => string } | undefined;
}

/** What features know of one session. After a restart of the server what was stored is read when it is asked for. */
export class SessionSlots {
  readonly #values = new Map<AnySlot, unknown>();
  /** By label; undefined where nothing is left that nobody has asked for. */
  #stored: Map<string, string> | undefined;
  readonly #unreadable: ((label: string, error: unknown) => void) | undefined;

  /** @param unreadable told of a slot that cannot be read back, and then begins anew */
  constructor(stored?: Readonly<Record<string, string>>, unreadable?: (label: string, error: unknown) => void) {
    if (stored !== undefined) this.#stored = new Map(Object.entries(stored));
    this.#unreadable = unreadable;
  }

  get<T>(slot: SessionSlot<T>): T {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a slot's value is only ever set under the slot itself
    if (this.#values.has(slot)) return this.#values.get(slot) as T;
    const text = slot.codec === undefined ? undefined : this.#stored?.get(slot.label);
    if (text === undefined) return slot.initial();
    let value = slot.initial();
    try {
      value = slot.codec?.decode(text) ?? value;
    } catch (error) {
      this.#unreadable?.(slot.label, error);
    }
    this.set(slot, value);
    return value;
  }

  set<T>(slot: SessionSlot<T>, value: T): void {
    this.#values.set(slot, value);
    this.#stored?.delete(slot.label);
    if (this.#stored?.size === 0) this.#stored = undefined;
  }

  /** By label, all that is to survive a restart. */
  encode(): Readonly<Record<string, string>> {
    const texts = Object.fromEntries(this.#stored ?? []);
    for (const [{ label, codec }, value] of this.#values)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
      if (codec !== undefined && value !== undefined) texts[label] = codec.encode(value as never);
    return texts;
  }
}
