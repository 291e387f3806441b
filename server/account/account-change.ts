import type { BareJid } from "#protocol/jid/jid.ts";
import type { AccountChange } from "#kit/host.ts";
import { StoreError } from "#kit/storage.ts";
import type { LocalAccount } from "./account.ts";

/** Has an account's owner change it, in its turn: `task` is told undefined where there is no such account. */
export function inTurn<Outcome extends AccountChange | undefined>(
  owner: LocalAccount,
  task: (account: LocalAccount | undefined) => Promise<Outcome>,
): Promise<Outcome | AccountChange> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome | AccountChange>();
  const fail = (error: unknown): void =>
    error instanceof StoreError ? resolve(failed("store", error.message)) : reject(asError(error));
  owner.request((account) => {
    const done = (async () => task(account))();
    done.then(resolve, fail);
    return done.then(nothing, nothing);
  }, fail);
  return promise;
}

/** Answers once what the task wrote is durable. */
export function durable(account: LocalAccount, then: () => void): Promise<AccountChange> {
  const { promise, resolve, reject } = Promise.withResolvers<AccountChange>();
  account.whenDurable(
    () => {
      then();
      resolve({ ok: true });
    },
    (error) => reject(asError(error)),
  );
  return promise;
}

export function failed(reason: Extract<AccountChange, { ok: false }>["reason"], text: string): AccountChange {
  return { ok: false, reason, text };
}

export function unknownAccount(jid: BareJid): AccountChange {
  return failed("no-such-account", `there is no account ${jid}`);
}

function nothing(): void {}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error("a store failed without an error", { cause });
}
