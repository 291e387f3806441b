import { bareOf, domainOf, parseJid, type DomainJid } from "#protocol/jid/jid.ts";
import type { Env } from "#kit/env.ts";
import type { Log } from "#kit/log.ts";
import { StoreError, type Store } from "#kit/storage.ts";
import type { LocalHost } from "../host/local-host.ts";
import { deletionStore } from "./account-store.ts";
import type { Deletions } from "./deletions.ts";

/** Accounts that are cleared away at the same time. */
const clearedAtOnceMax = 100;
/** When what could not be read is tried again, in milliseconds. */
const readAgainAfterMs = 5_000;

export interface ClearingParts {
  readonly env: Env;
  readonly log: Log;
  readonly store: Pick<Store, "owners">;
  readonly deletions: Deletions;
  readonly hostOf: (domain: DomainJid) => LocalHost | undefined;
  readonly stopped: () => boolean;
  /** Only of this host. */
  readonly domain?: DomainJid | undefined;
}

/**
 * Clears away what accounts had whose deletion an earlier server did not get through. They are gone already, and nobody waits
 * for it. Those of hosts that are not served stay until they are.
 */
export async function clearDeleted(parts: ClearingParts): Promise<void> {
  const { env, log, store, deletions, hostOf, stopped, domain } = parts;
  for (let after: string | undefined; !stopped();) {
    try {
      const owners = await store.owners(deletionStore, {
        limit: clearedAtOnceMax,
        ...(after === undefined ? {} : { after }),
        ...(domain === undefined ? {} : { domain }),
      });
      await Promise.all(
        owners.map(async (owner) => {
          const jid = parseJid(owner);
          const host = jid && hostOf(domainOf(jid));
          if (jid && host) await deletions.clear(host, bareOf(jid));
        }),
      );
      after = owners.at(-1);
      if (owners.length < clearedAtOnceMax) return;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      log.debug({ error }, "which deleted accounts are to be cleared away cannot be read at present");
      await new Promise<void>((resolve) => void env.setTimer(readAgainAfterMs, resolve));
    }
  }
}
