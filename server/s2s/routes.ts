import type { DomainJid } from "#protocol/jid/jid.ts";
import type { DomainPair } from "#protocol/stream/servers/domain-pair.ts";
import type { Route } from "./route.ts";
import { SenderShares } from "./senders.ts";

/** The routes that are in use, by their two domains; found without making a key of them for each stanza. */
export class Routes {
  readonly #byLocal = new Map<DomainJid, Map<DomainJid, Route>>();
  readonly #shares = new SenderShares();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** How many somebody was the first to write to. */
  of(sender: string): number {
    return this.#shares.of(sender);
  }

  get({ local, remote }: DomainPair): Route | undefined {
    return this.#byLocal.get(local)?.get(remote);
  }

  add(route: Route): void {
    const { local, remote } = route.pair;
    let routes = this.#byLocal.get(local);
    if (routes === undefined) {
      routes = new Map();
      this.#byLocal.set(local, routes);
    }
    routes.set(remote, route);
    this.#shares.change(route.by, 1);
    this.#size += 1;
  }

  *[Symbol.iterator](): IterableIterator<Route> {
    for (const routes of this.#byLocal.values()) yield* routes.values();
  }

  /** Those of one of our domains, which is served no more. */
  from(local: DomainJid): readonly Route[] {
    return [...(this.#byLocal.get(local)?.values() ?? [])];
  }

  remove({ pair: { local, remote }, by }: Route): void {
    const routes = this.#byLocal.get(local);
    if (routes?.delete(remote) !== true) return;
    this.#shares.change(by, -1);
    this.#size -= 1;
    if (routes.size === 0) this.#byLocal.delete(local);
  }
}
