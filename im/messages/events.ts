import type { Account } from "#kit/account.ts";
import { defineEvent } from "#kit/events.ts";
import type { Stanza } from "#kit/stanza.ts";

/** A message that was found after a crash and that no client has had: it waits for the next one. */
export const messageRecovered = defineEvent<{ readonly account: Account; readonly stanza: Stanza }>(
  "message-recovered",
);
