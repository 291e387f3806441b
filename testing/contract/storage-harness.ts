import type { Store } from "#kit/storage.ts";
import type { QueueOptions } from "#server/storage/queued-store.ts";

/** How a kind of store is opened. The same name is the same database, whose data a closed store leaves behind. */
export type StorageHarness = {
  readonly kind: string;
  readonly open: (database: string, options?: QueueOptions) => Promise<Store>;
};
