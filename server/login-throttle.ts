import type { Env } from "#kit/env.ts";

/** Addresses and accounts that are watched at once; beyond it the oldest are forgotten. */
const watchedMax = 20_000;

interface Failures {
  count: number;
  /** When the window began, in milliseconds since the epoch. */
  since: number;
}

/** Counts failed log-ins by address and by account, so that guessing passwords takes long (A29). */
export class LoginThrottle {
  readonly #env: Pick<Env, "now">;
  readonly #limit: { readonly max: number; readonly windowMs: number } | undefined;
  readonly #watched = new Map<string, Failures>();

  constructor(env: Pick<Env, "now">, limit: { readonly max: number; readonly windowMs: number } | undefined) {
    this.#env = env;
    this.#limit = limit;
  }

  /** Whether this address or account has failed too often lately. */
  refuses(...names: readonly string[]): boolean {
    const limit = this.#limit;
    return limit !== undefined && names.some((name) => (this.#current(name, limit.windowMs)?.count ?? 0) >= limit.max);
  }

  failed(...names: readonly string[]): void {
    const limit = this.#limit;
    if (limit === undefined) return;
    for (const name of names) {
      const failures = this.#current(name, limit.windowMs);
      if (failures !== undefined) failures.count += 1;
      else this.#watch(name);
    }
  }

  #current(name: string, windowMs: number): Failures | undefined {
    const failures = this.#watched.get(name);
    if (failures === undefined || failures.since + windowMs > this.#env.now()) return failures;
    this.#watched.delete(name);
    return undefined;
  }

  #watch(name: string): void {
    if (this.#watched.size >= watchedMax) {
      const [oldest] = this.#watched.keys();
      if (oldest !== undefined) this.#watched.delete(oldest);
    }
    this.#watched.set(name, { count: 1, since: this.#env.now() });
  }
}
