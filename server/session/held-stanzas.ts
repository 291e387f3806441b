import { copyOut } from "#protocol/xml/copy-out.ts";
import { heldStanzasMax, type WaitingPolicy } from "#kit/session.ts";
import { Stanza } from "#kit/stanza.ts";

/**
 * What may wait until a client looks, in the order in which it will be sent (XEP-0352). A stanza that says what an earlier one
 * said before takes that one's place, at the end (S11).
 */
export class HeldStanzas {
  readonly #mayWait: WaitingPolicy;
  readonly #stanzas = new Map<string, Stanza>();
  #added = 0;

  constructor(mayWait: WaitingPolicy) {
    this.#mayWait = mayWait;
  }

  get size(): number {
    return this.#stanzas.size;
  }

  /** False when the stanza must not wait, or there is no room: all that waits is then to be sent, and this behind it. */
  add(stanza: Stanza): boolean {
    // Somebody counts on it being delivered, or it is kept for this session only.
    if (stanza.stored !== undefined || stanza.archived !== undefined || this.#stanzas.size >= heldStanzasMax)
      return false;
    const waiting = this.#mayWait(stanza);
    if (waiting === undefined) return false;
    this.#added += 1;
    // A subject cannot be taken for a number: it has a space in it.
    const subject = waiting.subject === undefined ? String(this.#added) : ` ${waiting.subject}`;
    this.#stanzas.delete(subject);
    this.#stanzas.set(subject, detached(stanza));
    return true;
  }

  /** Everything that waits, oldest first; nothing is left. */
  takeAll(): readonly Stanza[] {
    const all = [...this.#stanzas.values()];
    this.#stanzas.clear();
    return all;
  }
}

/** It outlives the turn, and its sender does not wait for it. */
function detached({ kind, element, from, to, type, id }: Stanza): Stanza {
  return new Stanza(kind, copyOut(element), from, to, type, id, undefined);
}
