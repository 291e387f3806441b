import { offlineCount, offlineMessages } from "#im/messages/slots.ts";
import { outgoingShape } from "#server/s2s/outgoing-store.ts";
import { hibernatedSessions, owedStanzas } from "#server/session/hibernation.ts";
import type { SimServer } from "./sim-server.ts";

/** After everybody has left and time has passed, the server has nothing any more: object by object. */
export function checkLeftovers(server: SimServer, accounts: readonly string[]): readonly string[] {
  const { core, life, store, disk } = server;
  if (core === undefined || life === undefined || store === undefined) return ["the server does not serve"];
  const counts: Record<string, number> = {
    sessions: core.registry.countSessions(),
    connections: core.links.size,
    "accounts awake": core.registry.size,
    timers: life.timers,
    "commits waiting": store.health.commitsPending,
    "reads waiting": store.health.readsPending,
    "connections of components": core.components.linkCount,
    "stanzas for components": [...core.components.all.values()].reduce((sum, { waiting }) => sum + waiting, 0),
    "errors on their way to other domains": core.outgoing.heldErrors,
    "messages counted of which none is kept": accounts.reduce(
      (sum, account) => sum + countIn(disk.entries.get(account)?.get(offlineCount.name)?.get("")),
      0,
    ),
  };
  const { federation } = core;
  if (federation !== undefined)
    Object.assign(counts, {
      "connections to servers": federation.links.size,
      "streams with servers": federation.streams.size,
      "routes to domains": federation.routes.size,
      "stanzas for other servers": federation.waiting.stanzas,
      "bytes for other servers": federation.waiting.bytes,
      "rows of stanzas for other servers": core.outgoing.rows,
      "connections to servers that are made": federation.underWay.dials,
      "keys that are verified": federation.underWay.verifications,
      "streams that are resumed": federation.underWay.resumptions,
    });
  const rows = [...(disk.archives.get(outgoingShape.name)?.values() ?? [])].flatMap((owned) => [...owned.values()]);
  const unsent = rows.map(({ value }) => `${value.slice(0, 80)}, which waits for its way out`);
  const kept = accounts.flatMap((account) =>
    [...(disk.archives.get(offlineMessages.name)?.get(account)?.values() ?? [])].map(
      ({ value }) => `${/ id='(m\d+)'/u.exec(value)?.[1]} for ${account}, which has been given all that waits`,
    ),
  );
  // Of sessions that could be resumed.
  const stored = accounts.flatMap((account) => [
    ...[...(disk.entries.get(account)?.get(hibernatedSessions.name)?.keys() ?? [])].map(
      (id) => `session ${id} of ${account}`,
    ),
    ...[...(disk.archives.get(owedStanzas.name)?.get(account)?.values() ?? [])].map(
      ({ id, value }) => `row ${id} of what a session of ${account} owed: ${value.slice(0, 60)}`,
    ),
  ]);
  const left = Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [] : `${count} ${what}`));
  return [...left, ...kept, ...unsent, ...stored].map((what) => `left at the end: ${what}`);
}

function countIn(stored: string | undefined): number {
  return stored === undefined ? 0 : offlineCount.codec.decode(stored).rows;
}
