import { visitStoredAccounts, type StoredAccounts } from "../account/stored-accounts.ts";
import type { AccountRegistry } from "../account/registry.ts";
import type { LocalHost } from "../host/local-host.ts";
import { hibernatedSessions } from "./hibernation.ts";

/**
 * Wakes the accounts whose sessions were cut before the server was started, so that those end in time that nobody takes up
 * again. Nobody waits for it: an account that is needed sooner wakes by itself, and one of a host that is not served waits until
 * that is back.
 */
export async function wakeHibernated(accounts: StoredAccounts<LocalHost>, registry: AccountRegistry): Promise<void> {
  const unserved = await visitStoredAccounts(accounts, {
    storeName: hibernatedSessions.name,
    refused: "sessions of before cannot be read at present",
    visit: async (host, address) => {
      const account = await registry.wake(host, address);
      // What a crash has left undone is done now, and that was all there is to do.
      if (account !== undefined) registry.letSleep(account);
    },
  });
  if (unserved !== undefined && unserved > 0)
    accounts.log.info(
      { accounts: unserved },
      "sessions that can be resumed belong to hosts that are not served any more",
    );
}
