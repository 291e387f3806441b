import { serializeBytes } from "#protocol/xml/serialize.ts";
import { copyOut } from "#protocol/xml/copy-out.ts";
import type { SmEntry } from "#protocol/stream/sm/queue.ts";
import type { DomainPair } from "#protocol/stream/servers/domain-pair.ts";
import type { Stanza } from "#kit/stanza.ts";
import type { Duty } from "./outgoing-store.ts";

/** A stanza on its way to another server. */
export class OutgoingStanza implements SmEntry {
  readonly pair: DomainPair;
  readonly bytes: string;
  /** When it came, in milliseconds since the epoch. */
  readonly at: number;
  readonly duty: Duty | undefined;
  /** How often a stream was closed, by whichever side, that had sent it and did not know that it had arrived. */
  closings = 0;
  #stanza: Stanza;

  constructor(stanza: Stanza, pair: DomainPair, now: number, duty: Duty | undefined) {
    this.#stanza = stanza;
    this.pair = pair;
    this.at = duty?.heldSince ?? now;
    this.duty = duty;
    this.bytes = serializeBytes(stanza.element);
  }

  get size(): number {
    return this.bytes.length;
  }

  /** An error about a message: it waits, written down, long after all else has gone back. */
  get isHeldError(): boolean {
    return this.duty?.heldSince !== undefined;
  }

  get stanza(): Stanza {
    return this.#stanza;
  }

  /** It will wait: what it was read from is not kept alive by it. */
  settleDown(): this {
    this.#stanza = this.#stanza.rewritten(copyOut(this.#stanza.element));
    return this;
  }
}
