import { offlineCount, offlineMessages } from "#im/messages/offline.ts";
import type { SimServer } from "./sim-server.ts";

/** After everybody has left and time has passed, the server has nothing any more: object by object. */
export function checkLeftovers(server: SimServer, accounts: readonly string[]): readonly string[] {
  const { core, life, store, disk } = server;
  if (core === undefined || life === undefined || store === undefined) return ["the server does not serve"];
  const counts: Readonly<Record<string, number>> = {
    sessions: [...core.registry.sessions()].length,
    connections: core.links.size,
    "accounts awake": core.registry.size,
    timers: life.timers,
    "commits waiting": store.health.commitsPending,
    "reads waiting": store.health.readsPending,
    "messages kept of which all are delivered": accounts.reduce(
      (sum, account) => sum + (disk.archives.get(offlineMessages.name)?.get(account)?.size ?? 0),
      0,
    ),
    "messages counted of which none is kept": accounts.reduce(
      (sum, account) => sum + Number(disk.entries.get(account)?.get(offlineCount.name)?.get("") ?? 0),
      0,
    ),
  };
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `left at the end: ${count} ${what}`);
}
