import type { XmlElement } from "#protocol/xml/element.ts";
import type { Stanza } from "#kit/stanza.ts";

/** A message that several sessions of an account were given, each its own copy. */
export interface SharedMessage {
  /** Sessions that have it or will: whoever of them takes it, takes it for the account. */
  inCharge: number;
  /** Sessions for which it is written down. */
  relying: number;
}

/**
 * Messages for the account that went to more than one session (RFC 6121 §8.5.2.1.1). When one of the sessions ends
 * without having taken it, the others still have theirs, and nobody is to get it a second time.
 */
export class SharedMessages {
  /** By element: it stays the same however the stanza is passed on. */
  readonly #shared = new WeakMap<XmlElement, SharedMessage>();

  give(stanza: Stanza, sessions: number): void {
    if (sessions < 2) return;
    const relying = stanza.stored === undefined ? 0 : sessions;
    this.#shared.set(stanza.element, { inCharge: sessions, relying });
  }

  of(stanza: Stanza): SharedMessage | undefined {
    return this.#shared.get(stanza.element);
  }

  /**
   * One of its sessions will not have it.
   *
   * @returns the message, if another session has it or will
   */
  dropOne(stanza: Stanza): SharedMessage | undefined {
    const shared = this.#shared.get(stanza.element);
    if (shared === undefined) return undefined;
    shared.inCharge -= 1;
    if (stanza.stored !== undefined) shared.relying -= 1;
    if (shared.inCharge > 0) return shared;
    this.#shared.delete(stanza.element);
    return undefined;
  }
}
