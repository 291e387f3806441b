import type { AccountStore } from "./account-store.ts";
import { accountStore } from "./account-store.ts";

/** Where a temporary account keeps nothing: it exists, has no data, and what it writes is gone with it. */
export const temporaryStore: AccountStore = {
  load: () => Promise.resolve(new Map([[accountStore, new Map()]])),
  commit: () => Promise.resolve(),
  page: () => Promise.resolve({ found: true, rows: [], complete: true, first: undefined, last: undefined, count: 0 }),
};
