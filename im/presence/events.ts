import type { Account } from "#kit/account.ts";
import { defineEvent } from "#kit/events.ts";
import type { Session } from "#kit/session.ts";
import type { Stanza } from "#kit/stanza.ts";
import type { AvailablePresence } from "./slots.ts";

/** A session has sent initial presence: offline messages and waiting requests are due (RFC 6121 §4.2). */
export const sessionAvailable = defineEvent<{
  readonly account: Account;
  readonly session: Session;
  readonly presence: AvailablePresence;
}>("session-available");

/** An available session has sent presence again; `before` is what it said until now. */
export const sessionPresenceChanged = defineEvent<{
  readonly account: Account;
  readonly session: Session;
  readonly before: AvailablePresence;
  readonly presence: AvailablePresence;
}>("session-presence-changed");

/** A session is not available any more, by its own word or because it ended; `status` of its last word (XEP-0012). */
export const sessionUnavailable = defineEvent<{
  readonly account: Account;
  readonly session: Session;
  readonly status: string | undefined;
}>("session-unavailable");

/** Somebody asks to see the account's presence, and the user has to answer. It waits for that, and is stored. */
export const subscriptionAsked = defineEvent<{ readonly account: Account; readonly stanza: Stanza }>(
  "subscription-asked",
);
