import type { Env } from "#kit/env.ts";
import { keepYoungest } from "#kit/keep-youngest.ts";

/** Addresses and accounts that are watched at once; beyond it the oldest are forgotten. */
const watchedMax = 20_000;
/** Pairs of an account and an address it was used from that are remembered. */
const trustedMax = 20_000;

interface Failures {
  count: number;
  /** When the window began, in milliseconds since the epoch. */
  since: number;
}

/** Who tries: from where, and, where it was said, as whom. */
export interface LoginAttempt {
  readonly address: string;
  readonly account: string | undefined;
}

/**
 * Counts failed log-ins by address and by account, so that guessing passwords takes long (A29). An address from which
 * somebody has logged in to an account is not kept from it by the failures of strangers.
 */
export class LoginThrottle {
  readonly #env: Pick<Env, "now">;
  readonly #limit: { readonly max: number; readonly windowMs: number } | undefined;
  readonly #watched = new Map<string, Failures>();
  readonly #trusted = new Set<string>();

  constructor(env: Pick<Env, "now">, limit: { readonly max: number; readonly windowMs: number } | undefined) {
    this.#env = env;
    this.#limit = limit;
  }

  /** Whether this address, or strangers at this account, have failed too often lately. */
  refuses(attempt: LoginAttempt): boolean {
    const limit = this.#limit;
    if (limit === undefined) return false;
    const full = (name: string): boolean => (this.#current(name, limit.windowMs)?.count ?? 0) >= limit.max;
    const { address, account } = attempt;
    return full(address) || (account !== undefined && full(account) && !this.#trusted.has(pairOf(attempt)));
  }

  failed({ address, account }: LoginAttempt): void {
    const limit = this.#limit;
    if (limit === undefined) return;
    for (const name of account === undefined ? [address] : [address, account]) {
      const failures = this.#current(name, limit.windowMs);
      if (failures !== undefined) failures.count += 1;
      else this.#watch(name);
    }
  }

  succeeded(attempt: LoginAttempt): void {
    if (this.#limit === undefined) return;
    const pair = pairOf(attempt);
    // Deleted and added again, it is the youngest.
    this.#trusted.delete(pair);
    this.#trusted.add(pair);
    keepYoungest(this.#trusted, trustedMax);
  }

  #current(name: string, windowMs: number): Failures | undefined {
    const failures = this.#watched.get(name);
    if (failures === undefined || failures.since + windowMs > this.#env.now()) return failures;
    this.#watched.delete(name);
    return undefined;
  }

  #watch(name: string): void {
    this.#watched.set(name, { count: 1, since: this.#env.now() });
    keepYoungest(this.#watched, watchedMax);
  }
}

function pairOf({ address, account }: LoginAttempt): string {
  return `${account} ${address}`;
}
