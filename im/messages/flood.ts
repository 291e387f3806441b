import type { ArchivePlace } from "#kit/stanza.ts";

/** What is known of a session that has become available, as far as it decides which of the waiting messages it is sent. */
export interface Visitor {
  /** Some session of the account retrieves them by itself (XEP-0013). */
  readonly retrieving: boolean;
  /** Up to which row the session asked the archive for what it has missed; undefined where it has not asked. */
  readonly readTo: string | undefined;
  /** Its resource is known for reading the archive. */
  readonly reader: boolean;
  /** It has been given time to ask. */
  readonly waited: boolean;
}

/**
 * Which of the waiting messages a session is sent when it becomes available (XEP-0160, XEP-0013, XEP-0313, XEP-0386).
 *
 * | some session retrieves by itself | this one has asked its archive | known for that | has had time to | is sent                                    |
 * | -------------------------------- | ------------------------------ | -------------- | --------------- | ------------------------------------------ |
 * | yes                              | any                            | any            | any             | nothing                                    |
 * | no                               | yes                            | any            | any             | what came later, or is in no archive       |
 * | no                               | no                             | yes            | no              | what is in no archive; the rest is put off |
 * | no                               | no                             | yes            | yes             | all                                        |
 * | no                               | no                             | no             | any             | all                                        |
 *
 * What was not sent waits until a client has it from the archive, or for one that does not read archives.
 */
export type Flood = "nothing" | "later-than-read" | "not-archived-for-now" | "all";

export function floodFor({ retrieving, readTo, reader, waited }: Visitor): Flood {
  // [xep0013-2.2-02] [xep0013-2.2-04] [xep0013-2.6-05]
  if (retrieving) return "nothing";
  // [xep0313-6.1.1-10]
  if (readTo !== undefined) return "later-than-read";
  // [xep0013-2.5-02]
  return reader && !waited ? "not-archived-for-now" : "all";
}

/** Whether a message is part of that. `archived` tells where the account's archive has it, if it has. */
export function isFlooded(
  flood: Flood,
  archived: ArchivePlace | undefined,
  { readTo }: Pick<Visitor, "readTo">,
): boolean {
  switch (flood) {
    case "nothing":
      return false;
    case "all":
      return true;
    case "not-archived-for-now":
      return archived === undefined;
    default:
      return !hasFromArchive(archived, readTo);
  }
}

/** Whether a session that asked up to `readTo` has a message from the archive, or can have it from there. */
export function hasFromArchive(archived: ArchivePlace | undefined, readTo: string | undefined): boolean {
  return archived !== undefined && readTo !== undefined && archived.id <= readTo;
}
