import type { XmlElement } from "#protocol/xml/element.ts";
import type { Stanza } from "#kit/stanza.ts";

/**
 * Messages for the account that went to more than one session (RFC 6121 §8.5.2.1.1). When one of the sessions ends
 * without having taken it, the others still have theirs, and nobody is to get it a second time.
 */
export class SharedMessages {
  /** Sessions that have it or will, by element: that stays the same however the stanza is passed on. */
  readonly #inCharge = new WeakMap<XmlElement, number>();

  give(stanza: Stanza, sessions: number): void {
    if (sessions > 1) this.#inCharge.set(stanza.element, sessions);
    else this.#inCharge.delete(stanza.element);
  }

  /** Whether more than one session has it, or will. */
  has(stanza: Stanza): boolean {
    return this.#inCharge.has(stanza.element);
  }

  /** How many sessions have it or will. */
  count(stanza: Stanza): number {
    return this.#inCharge.get(stanza.element) ?? 1;
  }

  /** One of its sessions will not have it. Says whether another one has it, or will. */
  dropOne(stanza: Stanza): boolean {
    const others = (this.#inCharge.get(stanza.element) ?? 1) - 1;
    if (others > 0) this.#inCharge.set(stanza.element, others);
    else this.#inCharge.delete(stanza.element);
    return others > 0;
  }
}
