import { bareOf, domainOf, parseJid, type BareJid, type DomainJid } from "#protocol/jid/jid.ts";
import type { Env } from "#kit/env.ts";
import type { Log } from "#kit/log.ts";
import { StoreError, type Store } from "#kit/storage.ts";

/** Accounts that are visited at the same time. */
const visitedAtOnceMax = 100;
/** When what the store has refused is tried again, in milliseconds. */
const againAfterMs = 5_000;

/** Where accounts are looked for, and until when. */
export interface StoredAccounts<Host> {
  readonly env: Pick<Env, "setTimer">;
  readonly log: Log;
  readonly store: Pick<Store, "owners">;
  readonly hostOf: (domain: DomainJid) => Host | undefined;
  readonly stopped: () => boolean;
  /** Only of this host. */
  readonly domain?: DomainJid | undefined;
}

export interface Visit<Host> {
  /** The store in which the accounts have something. */
  readonly storeName: string;
  /** What the log says while the store refuses. */
  readonly refused: string;
  /** May be called once more with an account; rejects with StoreError where it wants to be. */
  readonly visit: (host: Host, address: BareJid) => Promise<void>;
}

/**
 * Goes through all accounts that have something in a store, some at a time, and does not end before each has been visited, however
 * long that takes: for what a server does beside its work. Those of hosts that are not served are passed over.
 *
 * @returns how many were passed over; undefined when it was stopped before the end
 */
export async function visitStoredAccounts<Host>(
  { env, log, store, hostOf, stopped, domain }: StoredAccounts<Host>,
  { storeName, refused, visit }: Visit<Host>,
): Promise<number | undefined> {
  let passedOver = 0;
  for (let after: string | undefined; !stopped();) {
    try {
      const owners = await store.owners(storeName, {
        limit: visitedAtOnceMax,
        ...(after === undefined ? {} : { after }),
        ...(domain === undefined ? {} : { domain }),
      });
      const visited = await Promise.all(
        owners.map(async (owner) => {
          const jid = parseJid(owner);
          const host = jid && hostOf(domainOf(jid));
          if (jid === undefined || host === undefined) return false;
          await visit(host, bareOf(jid));
          return true;
        }),
      );
      passedOver += visited.filter((one) => !one).length;
      if (owners.length < visitedAtOnceMax) return passedOver;
      after = owners.at(-1);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      log.debug({ error }, refused);
      await new Promise<void>((resolve) => void env.setTimer(againAfterMs, resolve));
    }
  }
  return undefined;
}
