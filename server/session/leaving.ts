import type { Env, Timer } from "#kit/env.ts";
import { sessionEnded } from "#kit/lifecycle.ts";
import type { Session } from "#kit/session.ts";
import { StoreError } from "#kit/storage.ts";
import type { SessionAccount } from "./session-owner.ts";
import { securedAfterMs } from "./owed-stanza.ts";
import type { Unacknowledged } from "./unacknowledged.ts";

/** A session that is over. */
interface OverSession extends Session {
  readonly account: SessionAccount;
}

/**
 * How a session leaves that will not come back: what it owes is decided about, then everybody hears that it is gone. While
 * what it owes cannot be read it stays.
 */
export class Leaving implements Disposable {
  readonly #session: OverSession;
  readonly #owed: Unacknowledged | undefined;
  readonly #env: Env;
  #retry: Timer | undefined;

  constructor(session: OverSession, owed: Unacknowledged | undefined, env: Env) {
    this.#session = session;
    this.#owed = owed;
    this.#env = env;
  }

  /** What it owes cannot be read, or removed, at present. */
  get waits(): boolean {
    return this.#retry !== undefined;
  }

  [Symbol.dispose](): void {
    this.#retry?.cancel();
    this.#retry = undefined;
  }

  /** Tried again until what it owes can be read. */
  begin(): void {
    this.#retry = undefined;
    const owed = this.#owed;
    if (owed?.hibernates !== true) {
      this.#leave(() => true);
      return;
    }
    const { account } = this.#session;
    let ready = false;
    account.post(async () => {
      try {
        await owed.readBack();
        ready = true;
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        this.#retry = this.#env.setTimer(securedAfterMs, () => this.begin());
      }
    });
    account.post(() => (ready ? owed.endHibernation() : undefined));
    this.#leave(() => ready);
  }

  #leave(ready: () => boolean): void {
    const session = this.#session;
    const { account, resource } = session;
    account.post(() => {
      if (!ready()) return;
      if (account.sessions.get(resource) === session) account.sessions.delete(resource);
      // Before anybody hears of it, so that what comes next finds its place behind what was owed.
      this.#owed?.hand();
    });
    // By itself: that the session is gone is no consequence of what was written of what it owed, and remains true where
    // that could not be written.
    account.post((awake) => {
      if (ready()) account.host.emit(sessionEnded, { account: awake, session });
    });
  }
}
