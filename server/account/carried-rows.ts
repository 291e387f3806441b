import { StoreError, type Write } from "#kit/storage.ts";

/**
 * What one owner wrote about a stanza that goes to another owner here: that one commits it with what it writes itself, so
 * that both have it or neither.
 */
export interface CarriedRows {
  readonly writes: readonly Write[];
  readonly ended: (failure?: { readonly cause: unknown }) => void;
}

/** Why rows are not committed where their recipient's mailbox is full. */
export function noRoom(): StoreError {
  return new StoreError("too-busy", "too much is waiting for the recipient");
}
