import type { DomainJid } from "#protocol/jid/jid.ts";
import { registeredPart, senderShare } from "./senders.ts";

interface Group {
  readonly name: string;
  bytes: number;
  streams: number;
}

/**
 * Bytes that streams have sent and that are not proven to have arrived, all together: a server with many names that has
 * much sent to it and acknowledges nothing must not fill the memory, nor have others wait (A15).
 */
export class OwedBytes {
  readonly max: number;
  readonly #groups = new Map<string, Group>();
  #total = 0;

  constructor(max: number) {
    this.max = max;
  }

  get total(): number {
    return this.#total;
  }

  /** The part of one stream, until it leaves. */
  enter(remote: DomainJid): OwedShare {
    const name = registeredPart(remote);
    const group = this.#groups.get(name) ?? { name, bytes: 0, streams: 0 };
    this.#groups.set(name, group);
    group.streams += 1;
    return new OwedShare(this, group);
  }

  /** Called by {@link OwedShare}. */
  change(group: Group, bytes: number): void {
    group.bytes += bytes;
    this.#total += bytes;
  }

  /** Called by {@link OwedShare}. */
  leave(group: Group): void {
    group.streams -= 1;
    if (group.streams === 0) this.#groups.delete(group.name);
  }
}

/** What one stream owes, as a part of the whole. */
export class OwedShare {
  readonly #whole: OwedBytes;
  readonly #group: Group;
  #own = 0;

  constructor(whole: OwedBytes, group: Group) {
    this.#whole = whole;
    this.#group = group;
  }

  /** One thing may always be under way: when it has arrived, the next is tried. */
  hasRoomFor(bytes: number): boolean {
    const { max, total } = this.#whole;
    return this.#own === 0 || (total + bytes <= max && this.#group.bytes + bytes <= max * senderShare);
  }

  change(bytes: number): void {
    this.#own += bytes;
    this.#whole.change(this.#group, bytes);
  }

  leave(): void {
    this.change(-this.#own);
    this.#whole.leave(this.#group);
  }
}
