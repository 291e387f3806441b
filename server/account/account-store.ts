import type { Store } from "#kit/storage.ts";

/** Name of the store that says which accounts exist. */
export const accountStore = "account";

/** Name of the store that says which accounts are gone but for what they had. */
export const deletionStore = "deletion";

/** What an account needs of the store. */
export type AccountStore = Pick<Store, "load" | "commit" | "page">;
