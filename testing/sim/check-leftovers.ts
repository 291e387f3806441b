import { offlineCount, offlineMessages } from "#im/messages/slots.ts";
import type { SimServer } from "./sim-server.ts";

/** After everybody has left and time has passed, the server has nothing any more: object by object. */
export function checkLeftovers(server: SimServer, accounts: readonly string[]): readonly string[] {
  const { core, life, store, disk } = server;
  if (core === undefined || life === undefined || store === undefined) return ["the server does not serve"];
  const counts: Readonly<Record<string, number>> = {
    sessions: core.registry.countSessions(),
    connections: core.links.size,
    "accounts awake": core.registry.size,
    timers: life.timers,
    "commits waiting": store.health.commitsPending,
    "reads waiting": store.health.readsPending,
    "messages counted of which none is kept": accounts.reduce(
      (sum, account) => sum + countIn(disk.entries.get(account)?.get(offlineCount.name)?.get("")),
      0,
    ),
  };
  const kept = accounts.flatMap((account) =>
    [...(disk.archives.get(offlineMessages.name)?.get(account)?.values() ?? [])].map(
      ({ value }) => `${/ id='(m\d+)'/u.exec(value)?.[1]} for ${account}, which has been given all that waits`,
    ),
  );
  const left = Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [] : `${count} ${what}`));
  return [...left, ...kept].map((what) => `left at the end: ${what}`);
}

function countIn(stored: string | undefined): number {
  return stored === undefined ? 0 : offlineCount.codec.decode(stored).rows;
}
