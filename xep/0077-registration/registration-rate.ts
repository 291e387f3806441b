import type { Env } from "#kit/env.ts";
import { keepYoungest } from "#kit/keep-youngest.ts";

/** Addresses that are watched at once; beyond it the oldest are forgotten. */
const watchedMax = 20_000;
/** Tries that may fail for each account that may be registered: finding out which names are taken takes long. */
const triesPerAccount = 10;

interface Registrations {
  tries: number;
  accounts: number;
  /** When the window began, in milliseconds since the epoch. */
  readonly since: number;
}

/** Counts accounts registered from one address, so that nobody makes them by the thousand (A15, A29). */
export class RegistrationRate {
  readonly #env: Pick<Env, "now">;
  readonly #accountsMax: number;
  readonly #windowMs: number;
  readonly #watched = new Map<string, Registrations>();

  constructor(env: Pick<Env, "now">, accountsMax: number, windowMs: number) {
    this.#env = env;
    this.#accountsMax = accountsMax;
    this.#windowMs = windowMs;
  }

  /** Counts a try and the account that may come of it; false when there were too many. */
  begin(address: string): boolean {
    const seen = this.#current(address);
    if (seen.accounts >= this.#accountsMax || seen.tries >= this.#accountsMax * triesPerAccount) return false;
    seen.tries += 1;
    seen.accounts += 1;
    return true;
  }

  /** No account came of it. */
  failed(address: string): void {
    const seen = this.#current(address);
    seen.accounts = Math.max(0, seen.accounts - 1);
  }

  #current(address: string): Registrations {
    const known = this.#watched.get(address);
    if (known !== undefined && known.since + this.#windowMs > this.#env.now()) return known;
    this.#watched.delete(address);
    const begun = { tries: 0, accounts: 0, since: this.#env.now() };
    this.#watched.set(address, begun);
    keepYoungest(this.#watched, watchedMax);
    return begun;
  }
}
