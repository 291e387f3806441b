import type { DomainJid } from "#protocol/jid/jid.ts";
import type { Account } from "./account.ts";
import { defineEvent } from "./events.ts";
import type { SettlementTracker } from "./settlement.ts";
import type { Session } from "./session.ts";
import type { Stanza } from "./stanza.ts";

/** A resource was bound; its client has been told. */
export const sessionBound = defineEvent<{ readonly account: Account; readonly session: Session }>("session-bound");

/**
 * A session is over and will not be resumed: closed by the client, ended by us, or its time to resume ran out. It is
 * no longer among the account's sessions.
 */
export const sessionEnded = defineEvent<{ readonly account: Account; readonly session: Session }>("session-ended");

/**
 * The stream of a session was cut and goes on over another connection (XEP-0198 §5); its client has had what it missed.
 * All but the availability of others, where the server was killed meanwhile: `missesPresence`.
 */
export const sessionResumed = defineEvent<{
  readonly account: Account;
  readonly session: Session;
  readonly missesPresence: boolean;
}>("session-resumed");

/**
 * A session whose stream is cut is written down, for the first time or anew, so that it can go on after a crash. What only
 * memory has of what its client was brought should be written now, in the same batch: or else it is brought once more.
 */
export const sessionStored = defineEvent<{ readonly account: Account; readonly session: Session }>("session-stored");

/**
 * The client of a session has not taken a stanza and may not do so for long: the stream is cut, or the client has left the
 * stanza unacknowledged for a while, or the session has ended and owed it. Told once for each stanza, beside whatever is
 * being done; a listener that writes posts to the account.
 */
export const stanzaWaits = defineEvent<{
  readonly account: Account;
  readonly session: Session;
  readonly stanza: Stanza;
}>("stanza-waits");

/**
 * An account is deleted for good, its sessions have ended, and what it has is still there: who knows of it is to be told. Told
 * once more after a crash, unless all is durable that the stanzas caused whose settlements are of `others`.
 */
export const accountLeaving = defineEvent<{ readonly account: Account; readonly others: SettlementTracker }>(
  "account-leaving",
);

/** The data of an account that was deleted are about to be wiped, whoever owns them. */
export const accountDeleting = defineEvent<{ readonly account: Account }>("account-deleting");

/**
 * Nobody uses an account any more and it is about to be forgotten until somebody does, or the server stops: what only memory
 * has of it should be written now.
 */
export const accountResting = defineEvent<{ readonly account: Account }>("account-resting");

/**
 * Streams with other servers were lost in the middle, or such a server is there again: what was last heard of its users may
 * not hold any more. Told to each account that somebody uses; `awaited` is to be called for each of the domains that the
 * account would like to hear of.
 */
export const serversInDoubt = defineEvent<{
  readonly account: Account;
  readonly domains: ReadonlySet<DomainJid>;
  readonly awaited: (domain: DomainJid) => void;
}>("servers-in-doubt");

/** The password is another one now: whatever else lets in without it holds no more (A55). Heard in the batch that keeps it. */
export const passwordChanged = defineEvent<{ readonly account: Account }>("password-changed");
