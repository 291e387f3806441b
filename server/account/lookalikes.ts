import { createHash } from "node:crypto";
import { domainOf, localpartOf, makeJid, bareOf, type BareJid, type Jid } from "#protocol/jid/jid.ts";
import { skeletonOf } from "#protocol/jid/skeleton.ts";
import { accountMap, json } from "#kit/slots.ts";
import type { Store, Write } from "#kit/storage.ts";

/** Under a host's domain, by what names that look alike have in common: the localparts that were given there. */
export const lookalikes = accountMap<readonly string[]>("lookalikes", 1, json());

/** Names that were given, by their look (A19). */
export class Lookalikes {
  readonly #store: Store;
  /** Creations of one look, each after the other, so that two at the same time see one another. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Runs `task` when no other account that looks like this one is being created. */
  async inTurn<Result>(jid: Jid, task: () => Promise<Result>): Promise<Result> {
    const key = `${domainOf(jid)} ${keyOf(jid)}`;
    const before = this.#turns.get(key);
    const mine = (async () => {
      await before?.catch(() => undefined);
      return task();
    })();
    this.#turns.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#turns.get(key) === mine) this.#turns.delete(key);
    }
  }

  /** Addresses at the same host that look like this one, whether they are still in use or not. */
  async of(jid: Jid): Promise<readonly BareJid[]> {
    const own = localpartOf(jid);
    return (await this.#given(jid)).flatMap((name) => {
      const other = name === own ? undefined : makeJid(name, domainOf(jid));
      return other === undefined ? [] : [bareOf(other)];
    });
  }

  /** To be committed with the account. */
  async noted(jid: Jid): Promise<Write> {
    const names = new Set([...(await this.#given(jid)), localpartOf(jid) ?? ""]);
    const value = lookalikes.codec.encode([...names]);
    return { op: "set", store: lookalikes.name, owner: domainOf(jid), key: keyOf(jid), value };
  }

  async #given(jid: Jid): Promise<readonly string[]> {
    const kept = await this.#store.get(lookalikes.name, domainOf(jid), keyOf(jid));
    return kept === undefined ? [] : lookalikes.codec.decode(kept);
  }
}

/** A look may be many times as long as the name, a key of the store may not. */
function keyOf(jid: Jid): string {
  return createHash("sha256")
    .update(skeletonOf(localpartOf(jid) ?? ""))
    .digest("base64url");
}
