import type { LiveTable } from "#kit/host.ts";
import type { TableShape } from "#kit/storage.ts";
import { openMemoryStore } from "#server/storage/memory-store.ts";

/** A table of its own in memory, as a host would give it. */
export async function openMemoryTable(shape: TableShape): Promise<LiveTable> {
  const { store } = openMemoryStore({ schedule: (run) => queueMicrotask(run) });
  await store.declare([shape]);
  return {
    select: (query) => store.select(shape.name, query),
    write: (writes) => store.commit(writes.map((write) => ({ ...write, store: shape.name }))),
  };
}
