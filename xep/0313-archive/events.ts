import { defineEvent } from "#kit/events.ts";

/** An administrator has decided how much of an account's archive is kept, or that it is as for its host. */
export const archiveLimitsChanged = defineEvent<{ readonly account: string }>("archive-limits-changed");
