import type { LocalHost } from "../host/local-host.ts";
import { deletionStore } from "./account-store.ts";
import type { Deletions } from "./deletions.ts";
import { visitStoredAccounts, type StoredAccounts } from "./stored-accounts.ts";

/**
 * Clears away what accounts had whose deletion an earlier server did not get through. They are gone already, and nobody waits
 * for it. Those of hosts that are not served stay until they are.
 */
export async function clearDeleted(accounts: StoredAccounts<LocalHost>, deletions: Deletions): Promise<void> {
  await visitStoredAccounts(accounts, {
    storeName: deletionStore,
    refused: "which deleted accounts are to be cleared away cannot be read at present",
    visit: (host, address) => deletions.clear(host, address),
  });
}
