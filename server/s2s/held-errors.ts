import type { Stanza } from "#kit/stanza.ts";
import { senderOf, senderShare, SenderShares } from "./senders.ts";

/** Errors about messages of other servers that are held at a time, until those have them. */
export const heldErrorsMax = 4_000;
/** What they take together, in bytes as they are written down. */
export const heldErrorsBytesMax = 8 * 1024 * 1024;
/** How long such an error is kept for a server to which there is no way, in milliseconds. */
export const heldErrorMsMax = 86_400_000;

/**
 * How many errors are held for other servers, and for whom. A stranger who sends nonsense and never takes the answers has
 * them written down only so far: one name with all below it gets a part of what there is (A11, A38), and what goes beyond is
 * sent like any answer, for which nobody answers.
 */
export class HeldErrors {
  readonly #max: { readonly stanzas: number; readonly bytes: number };
  readonly #stanzas = new SenderShares();
  readonly #bytes = new SenderShares();
  readonly #total = { stanzas: 0, bytes: 0 };

  constructor(max = { stanzas: heldErrorsMax, bytes: heldErrorsBytesMax }) {
    this.#max = max;
  }

  get size(): number {
    return this.#total.stanzas;
  }

  /** Makes room for one until the returned function is called; undefined where there is none. */
  enter(error: Stanza): (() => void) | undefined {
    const bytes = error.text.length;
    const whose = senderOf(error);
    const { stanzas: stanzasMax, bytes: bytesMax } = this.#max;
    if (
      this.#total.stanzas >= stanzasMax ||
      this.#total.bytes + bytes > bytesMax ||
      this.#stanzas.of(whose) >= stanzasMax * senderShare ||
      this.#bytes.of(whose) + bytes > bytesMax * senderShare
    )
      return undefined;
    this.#change(whose, 1, bytes);
    return () => this.#change(whose, -1, -bytes);
  }

  #change(whose: string, stanzas: number, bytes: number): void {
    this.#total.stanzas += stanzas;
    this.#total.bytes += bytes;
    this.#stanzas.change(whose, stanzas);
    this.#bytes.change(whose, bytes);
  }
}
