import type { DomainJid } from "#protocol/jid/jid.ts";
import { registeredPart, senderShare } from "./senders.ts";

interface Group {
  bytes: number;
  streams: number;
}

/**
 * Bytes that streams have sent and that are not proven to have arrived, all together: a server with many names that has
 * much sent to it and acknowledges nothing must not fill the memory, nor have others wait (A15).
 */
export class OwedBytes {
  readonly #max: number;
  readonly #groups = new Map<string, Group>();
  #total = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get total(): number {
    return this.#total;
  }

  /** The part of one stream, until it leaves. */
  enter(remote: DomainJid): OwedShare {
    const name = registeredPart(remote);
    const group = this.#groups.get(name) ?? { bytes: 0, streams: 0 };
    this.#groups.set(name, group);
    group.streams += 1;
    let own = 0;
    const change = (bytes: number): void => {
      own += bytes;
      group.bytes += bytes;
      this.#total += bytes;
    };
    return {
      // One thing may always be under way: when it has arrived, the next is tried.
      hasRoomFor: (bytes) =>
        own === 0 || (this.#total + bytes <= this.#max && group.bytes + bytes <= this.#max * senderShare),
      change,
      leave: () => {
        change(-own);
        group.streams -= 1;
        if (group.streams === 0) this.#groups.delete(name);
      },
    };
  }
}

export interface OwedShare {
  readonly hasRoomFor: (bytes: number) => boolean;
  readonly change: (bytes: number) => void;
  readonly leave: () => void;
}
