import { addressGroup } from "./address-group.ts";
import { TokenBucket } from "./token-bucket.ts";
import type { Rate } from "./link-limits.ts";

/** The buckets that all connections of one address take from. */
export interface SharedRates {
  readonly bytes: TokenBucket | undefined;
  readonly stanzas: TokenBucket | undefined;
}

/** Keeps one pair of buckets for every address that has connections. */
export class AddressRates {
  readonly #limits: { readonly bytes: Rate | undefined; readonly stanzas: Rate | undefined };
  readonly #rates = new Map<string, SharedRates & { users: number }>();

  constructor(limits: { readonly bytes: Rate | undefined; readonly stanzas: Rate | undefined }) {
    this.#limits = limits;
  }

  /** Addresses that have connections. */
  get size(): number {
    return this.#rates.size;
  }

  /** @param now milliseconds since the epoch */
  enter(address: string, now: number): SharedRates {
    const group = addressGroup(address);
    let rates = this.#rates.get(group);
    if (rates === undefined) {
      const { bytes, stanzas } = this.#limits;
      rates = {
        users: 0,
        bytes: bytes && new TokenBucket(bytes, now),
        stanzas: stanzas && new TokenBucket(stanzas, now),
      };
      this.#rates.set(group, rates);
    }
    rates.users += 1;
    return rates;
  }

  leave(address: string): void {
    const group = addressGroup(address);
    const rates = this.#rates.get(group);
    if (rates === undefined) return;
    rates.users -= 1;
    if (rates.users === 0) this.#rates.delete(group);
  }
}
