import type { Jid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import { defineEvent } from "#kit/events.ts";
import type { RosterItem } from "./slots.ts";

/** A listed item was added or changed by a subscription; the roster pushes it to interested sessions (RFC 6121 §2.1.6). */
export const rosterItemChanged = defineEvent<{ readonly account: Account; readonly jid: Jid }>("roster-item-changed");

/** The user has removed a contact: subscriptions in both directions are to be cancelled (RFC 6121 §2.5.2). */
export const rosterItemRemoved = defineEvent<{ readonly account: Account; readonly item: RosterItem }>(
  "roster-item-removed",
);
