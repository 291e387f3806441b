import type { Jid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import { defineEvent } from "#kit/events.ts";

/** Block or unblock commands have changed the list of this name. */
export const listChangedByBlocking = defineEvent<{ readonly account: Account; readonly name: string }>(
  "privacy-list-changed-by-blocking",
);

/** The user's privacy lists have changed who is blocked. */
export const blockedChangedByLists = defineEvent<{
  readonly account: Account;
  readonly blocked: readonly Jid[];
  readonly unblocked: readonly Jid[];
}>("blocked-changed-by-lists");
