import type { AccountArchive, ArchiveEntry, LiveArchive } from "#kit/slots.ts";
import { openMemoryStore } from "#server/storage/memory-store.ts";

/** An archive that is nobody's account, such as a room's, with these rows. */
export async function memoryArchive(
  slot: AccountArchive,
  rows: readonly ArchiveEntry[],
): Promise<Pick<LiveArchive, "page"> & AsyncDisposable> {
  const { store } = openMemoryStore({ schedule: setImmediate });
  const owner = "room@muc.example";
  await store.declare([slot]);
  await store.commit(rows.map((row) => ({ op: "append", store: slot.name, owner, ...row })));
  return {
    page: (query) => store.page(slot.name, owner, query),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
