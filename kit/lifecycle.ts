import type { Account } from "./account.ts";
import { defineEvent } from "./events.ts";
import type { Session } from "./session.ts";

/** A resource was bound; its client has been told. */
export const sessionBound = defineEvent<{ readonly account: Account; readonly session: Session }>("session-bound");

/**
 * A session is over and will not be resumed: closed by the client, ended by us, or its time to resume ran out. It is
 * no longer among the account's sessions.
 */
export const sessionEnded = defineEvent<{ readonly account: Account; readonly session: Session }>("session-ended");

/** An account is about to be deleted; what it has is still there. Its data is wiped afterwards, whoever owns it. */
export const accountDeleting = defineEvent<{ readonly account: Account }>("account-deleting");
