import { accountValue, json } from "#kit/slots.ts";
import { accountRecordCodec, type AccountRecord } from "./account-record.ts";
import { accountStore, deletionStore } from "./account-store.ts";

/** That the account exists, and how it logs in. */
export const accountRecord = accountValue<AccountRecord>(accountStore, 1, accountRecordCodec);

/** When an account was deleted, in milliseconds since the epoch. */
interface Deletion {
  readonly deletedAt: number;
}

/** What is left of a deleted account, so that nobody else gets its name and with it the trust of its contacts (A54). */
export const tombstone = accountValue<Deletion>("tombstone", 1, json());

/** That an account is deleted for good, and what it has is still to be cleared away. */
export const deletion = accountValue<Deletion>(deletionStore, 1, json());
