import { bareOf, type Jid } from "#protocol/jid/jid.ts";
import { keepYoungest } from "#kit/keep-youngest.ts";

/**
 * Ids of messages of which copies were made, so that an error in answer to one of them is copied too. The errors
 * themselves need not say what they answer. [xep0280-10.3-02]
 */
export class CopiedMessages {
  readonly #ids = new Set<string>();
  readonly #idsMax: number;

  /** @param idsMax how many are remembered; the oldest go first */
  constructor(idsMax: number) {
    this.#idsMax = idsMax;
  }

  remember(id: string | undefined, peer: Jid): void {
    if (id === undefined || id.length > idLengthMax) return;
    this.#ids.add(key(id, peer));
    keepYoungest(this.#ids, this.#idsMax);
  }

  has(id: string | undefined, peer: Jid): boolean {
    return id !== undefined && this.#ids.has(key(id, peer));
  }
}

/** Longer ids are not worth their memory. */
const idLengthMax = 256;

function key(id: string, peer: Jid): string {
  return `${bareOf(peer)} ${id}`;
}
