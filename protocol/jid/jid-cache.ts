import { assert } from "#protocol/assert.ts";
import { detachString } from "#protocol/detach-string.ts";
import { type Jid, parseJid } from "./jid.ts";

/** Longer spellings are parsed anew each time, so that a full cache is entries × a few hundred octets, not megabytes. */
const cachedInputUnitsMax = 256;

/**
 * A bounded memory of parsed addresses: two generations of at most half of `entriesMax` each. A hit in the young one
 * is one look-up; when that is full it becomes the old one, and what was in the old one and not asked for since is
 * forgotten. What is no address is not remembered. Belongs to an instance (a host, a stream), never to a module.
 */
export class JidCache {
  readonly #generationEntriesMax: number;
  #young = new Map<string, Jid>();
  #old = new Map<string, Jid>();

  constructor(entriesMax: number) {
    assert(Number.isInteger(entriesMax) && entriesMax >= 2, "a JID cache has room for two entries or more");
    this.#generationEntriesMax = entriesMax >> 1;
  }

  /** How many spellings are remembered now; never more than `entriesMax`. */
  get entries(): number {
    return this.#young.size + this.#old.size;
  }

  /** As parseJid. What it returns shares no memory with `input`. */
  parse(input: string): Jid | undefined {
    return this.#young.get(input) ?? this.#parseAndRemember(input);
  }

  #parseAndRemember(input: string): Jid | undefined {
    const remembered = this.#old.get(input);
    if (remembered !== undefined) {
      // The key of the old generation would do as well, but a Map does not give it back.
      this.#remember(remembered === input ? remembered : detachString(input), remembered);
      return remembered;
    }
    const parsed = parseJid(input);
    if (parsed === undefined) return undefined;
    const jid = detachString(parsed);
    // A canonical spelling is its own value: one copy for both.
    const key = parsed === input ? jid : detachString(input);
    if (input.length <= cachedInputUnitsMax) this.#remember(key, jid);
    return jid;
  }

  #remember(key: string, jid: Jid): void {
    if (this.#young.size >= this.#generationEntriesMax) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, jid);
  }
}
