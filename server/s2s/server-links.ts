import type { DomainJid } from "#protocol/jid/jid.ts";
import type { ServerLink } from "./server-link.ts";

/** The connections with other servers, oldest first, and by the domain that each is with as soon as that is known. */
export class ServerLinks {
  readonly #domains = new Map<ServerLink, DomainJid | undefined>();
  readonly #byDomain = new Map<DomainJid, readonly ServerLink[]>();

  get size(): number {
    return this.#domains.size;
  }

  [Symbol.iterator](): IterableIterator<ServerLink> {
    return this.#domains.keys();
  }

  add(link: ServerLink): void {
    this.#domains.set(link, undefined);
    if (link.errand !== undefined) this.know(link);
  }

  /** Whom the connection is with is proven. */
  know(link: ServerLink): void {
    const { remote } = link;
    if (remote === undefined || !this.#domains.has(link) || this.#domains.get(link) !== undefined) return;
    this.#domains.set(link, remote);
    // Not spread: that leaves room for sixteen more, and mostly there is one.
    this.#byDomain.set(remote, this.with(remote).concat(link));
  }

  /** Those with a domain: that we have made to reach it, or that it has made and proven. */
  with(remote: DomainJid): readonly ServerLink[] {
    return this.#byDomain.get(remote) ?? [];
  }

  delete(link: ServerLink): void {
    const remote = this.#domains.get(link);
    this.#domains.delete(link);
    if (remote === undefined) return;
    const others = this.with(remote).filter((other) => other !== link);
    if (others.length === 0) this.#byDomain.delete(remote);
    else this.#byDomain.set(remote, others);
  }
}
