import type { Account } from "#kit/account.ts";
import type { Env, Timer } from "#kit/env.ts";
import type { StoredHibernation } from "./hibernation.ts";
import { securedAfterMs } from "./owed-stanza.ts";

/** Removes what is stored of a session that is over, and tries until that is certain: it must not come back with the next restart. */
export class Removal implements Disposable {
  readonly #account: Account;
  readonly #env: Pick<Env, "setTimer">;
  readonly #stored: StoredHibernation;
  readonly #positions: readonly number[];
  #again: Timer | undefined;

  /** @param positions where rows may be */
  constructor(
    { account, env }: { readonly account: Account; readonly env: Pick<Env, "setTimer"> },
    stored: StoredHibernation,
    positions: readonly number[],
  ) {
    this.#account = account;
    this.#env = env;
    this.#stored = stored;
    this.#positions = positions;
  }

  /** To be called from within the account's work. */
  begin(): void {
    this.#stored.remove(this.#positions);
    this.#account.whenDurable(nothing, () => {
      this.#again = this.#env.setTimer(securedAfterMs, () => this.#account.post(() => this.begin()));
    });
  }

  [Symbol.dispose](): void {
    this.#again?.cancel();
  }
}

function nothing(): void {}
