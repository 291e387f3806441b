import type { BareJid } from "#protocol/jid/jid.ts";
import type { Env } from "#kit/env.ts";
import type { AccountChange } from "#kit/host.ts";
import { accountDeleting, accountLeaving } from "#kit/lifecycle.ts";
import { SettlementTracker } from "#kit/settlement.ts";
import type { LocalHost } from "../host/local-host.ts";
import type { LocalSession } from "../session/session.ts";
import type { LocalAccount } from "./account.ts";
import { durable, failed, inTurn, unknownAccount } from "./account-change.ts";
import { accountRecord, deletion, tombstone } from "./account-slots.ts";
import type { AccountRegistry } from "./registry.ts";

/** After a deleted account could not be cleared away: when to try again, in milliseconds. */
const clearAgainAfterMs = 5_000;
/** How long the contacts' owners may take to write down that an account leaves them, in milliseconds. */
const tellingMsMax = 5_000;

export interface DeletionsParts {
  readonly env: Env;
  readonly registry: AccountRegistry;
  /** Told when what somebody may have proven just now, without having a session yet, holds no more (A55). */
  readonly credentialsGone: (jid: BareJid) => void;
}

/**
 * Deletes accounts, in two steps. One batch takes the log-in away and lays the tombstone: with it the account is gone for
 * good, and only then anybody hears of it. What it had is cleared away behind that: its sessions end, its contacts are
 * told, its data are wiped. Whatever interrupts this, it is gone through again, by time or by the next start.
 */
export class Deletions {
  readonly #parts: DeletionsParts;

  constructor(parts: DeletionsParts) {
    this.#parts = parts;
  }

  /** Resolves when the account is gone for good. */
  begin(host: LocalHost, jid: BareJid): Promise<AccountChange> {
    return inTurn(this.#parts.registry.get(host, jid), (account) => {
      if (account === undefined || account.isLeaving) return Promise.resolve(unknownAccount(jid));
      const deletedAt = this.#parts.env.now();
      account.value(tombstone).set({ deletedAt });
      account.value(deletion).set({ deletedAt });
      account.value(accountRecord).delete();
      return durable(account, () => {
        account.isLeaving = true;
        this.#parts.credentialsGone(jid);
      });
    });
  }

  /** Clears away what an account had that is gone; resolves when that is done, or will be tried again later. */
  async clear(host: LocalHost, jid: BareJid): Promise<void> {
    try {
      const steps = [this.#endSessions, this.#tellOthers, this.#bury];
      for (const step of steps) {
        // Who is there then belongs to nobody any more.
        if (host.signal.aborted) return;
        const outcome = await step(host, jid);
        if (!outcome.ok) return this.#clearLater(host, jid, outcome.text);
      }
    } catch (error) {
      host.log.error({ host: host.domain, account: jid, error }, "clearing away what a deleted account had broke down");
    }
  }

  #clearLater(host: LocalHost, jid: BareJid, reason: string): void {
    if (host.signal.aborted) return;
    host.log.debug({ host: host.domain, account: jid, reason }, "what a deleted account had stays for now");
    this.#parts.env.setTimer(clearAgainAfterMs, () => {
      if (!host.signal.aborted) void this.clear(host, jid);
    });
  }

  readonly #endSessions = async (host: LocalHost, jid: BareJid): Promise<AccountChange> => {
    const ended = new Set<LocalSession>();
    for (;;) {
      // Sessions end in tasks of their own, behind which the next turn comes; who binds in between ends in that one.
      const outcome = await this.#inTurn(host, jid, (account) => {
        const sessions = [...account.sessions.values()];
        if (sessions.length === 0) return { ok: true };
        if (sessions.every((session) => ended.has(session)))
          return failed("store", "what its sessions owed cannot be read at present");
        for (const session of sessions) {
          ended.add(session);
          session.end("not-authorized", "the account was deleted");
        }
        return undefined;
      });
      if (outcome !== undefined) return outcome;
    }
  };

  /** What local contacts know of it is durable before it is forgotten whom to tell, so that no heir has their trust (A54). */
  readonly #tellOthers = async (host: LocalHost, jid: BareJid): Promise<AccountChange> => {
    const { promise: told, resolve } = Promise.withResolvers<void>();
    const outcome = await this.#inTurn(host, jid, (account) => {
      const others: SettlementTracker = new SettlementTracker(() => {
        if (others.settled === others.received) resolve();
      });
      // Its own hold, so that nobody who has heard of it at once ends the wait for the others.
      const all = others.next();
      host.emit(accountLeaving, { account, others });
      all.release();
      return { ok: true };
    });
    if (!outcome.ok) return outcome;
    const waiting = this.#parts.env.setTimer(tellingMsMax, resolve);
    await told;
    waiting.cancel();
    return outcome;
  };

  readonly #bury = (host: LocalHost, jid: BareJid): Promise<AccountChange> =>
    this.#inTurn(host, jid, (account) => {
      if (account.sessions.size > 0) return failed("store", "somebody has come in meanwhile");
      const deletedAt = account.value(deletion).get()?.deletedAt ?? this.#parts.env.now();
      host.emit(accountDeleting, { account });
      account.write({ op: "wipe", owner: jid });
      const value = tombstone.codec.encode({ deletedAt });
      account.write({ op: "set", store: tombstone.name, owner: jid, key: "", value });
      account.reload();
      return durable(account, () => this.#parts.credentialsGone(jid));
    });

  /** Done already where nothing of the account is there any more. */
  #inTurn<Outcome extends AccountChange | undefined>(
    host: LocalHost,
    jid: BareJid,
    task: (account: LocalAccount) => Outcome | Promise<Outcome>,
  ): Promise<Outcome | AccountChange> {
    return inTurn<Outcome | AccountChange>(this.#parts.registry.get(host, jid), async (account) =>
      account === undefined || !account.isLeaving ? { ok: true } : task(account),
    );
  }
}
