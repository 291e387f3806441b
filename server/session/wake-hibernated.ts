import { bareOf, domainOf, parseJid, type DomainJid } from "#protocol/jid/jid.ts";
import type { Env } from "#kit/env.ts";
import type { Log } from "#kit/log.ts";
import { StoreError, type Store } from "#kit/storage.ts";
import type { AccountRegistry } from "../account/registry.ts";
import type { LocalHost } from "../host/local-host.ts";
import { hibernatedSessions } from "./hibernation.ts";

/** Accounts that are woken at the same time. */
const wokenAtOnceMax = 100;
/** When what could not be read is tried again, in milliseconds. */
const wakeAgainAfterMs = 5_000;

export interface WakingParts {
  readonly env: Env;
  readonly log: Log;
  readonly store: Pick<Store, "owners">;
  readonly registry: AccountRegistry;
  readonly hostOf: (domain: DomainJid) => LocalHost | undefined;
  readonly stopped: () => boolean;
  /** Only of this host. */
  readonly domain?: DomainJid | undefined;
}

/**
 * Wakes the accounts whose sessions were cut before the server was started, so that those end in time that nobody takes up
 * again. Nobody waits for it: an account that is needed sooner wakes by itself.
 */
export async function wakeHibernated(parts: WakingParts): Promise<void> {
  const { env, log, store, stopped, domain } = parts;
  let unserved = 0;
  for (let after: string | undefined; !stopped();) {
    try {
      const owners = await store.owners(hibernatedSessions.name, {
        limit: wokenAtOnceMax,
        ...(after === undefined ? {} : { after }),
        ...(domain === undefined ? {} : { domain }),
      });
      const woken = await Promise.all(owners.map((owner) => wake(parts, owner)));
      unserved += woken.filter((one) => !one).length;
      after = owners.at(-1);
      if (owners.length === wokenAtOnceMax) continue;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      log.debug({ error }, "sessions of before cannot be read at present");
      await pause(env, wakeAgainAfterMs);
      continue;
    }
    if (unserved > 0)
      log.info({ accounts: unserved }, "sessions that can be resumed belong to hosts that are not served any more");
    return;
  }
}

/** False for an account of a host that this server does not serve: it waits until the host is back. */
function wake({ registry, hostOf }: WakingParts, owner: string): Promise<boolean> {
  const jid = parseJid(owner);
  const host = jid && hostOf(domainOf(jid));
  if (jid === undefined || host === undefined) return Promise.resolve(false);
  return registry.wake(host, bareOf(jid)).then((account) => {
    // What a crash has left undone is done now, and that was all there is to do.
    if (account !== undefined) registry.letSleep(account);
    return true;
  });
}

function pause(env: Env, ms: number): Promise<void> {
  return new Promise((resolve) => void env.setTimer(ms, resolve));
}
