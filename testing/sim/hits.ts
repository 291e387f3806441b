/** How often what goes wrong hit what it was aimed at: a kill that hits nothing, or a slow reader of little, finds nothing. */
export interface Hits {
  kills: number;
  /** Kills while the disc had a group of commits. */
  killsWithinCommit: number;
  /** Connections for which bytes waited within the server, as the system took no more. */
  queuesFilled: number;
  /** Connections that were cut as too much waited for them. */
  queuesOverrun: number;
  /** Groups of commits for which the disc had no room. */
  groupsWithoutRoom: number;
}

export function noHits(): Hits {
  return { kills: 0, killsWithinCommit: 0, queuesFilled: 0, queuesOverrun: 0, groupsWithoutRoom: 0 };
}

export function addHits(sum: Hits, more: Readonly<Hits>): void {
  sum.kills += more.kills;
  sum.killsWithinCommit += more.killsWithinCommit;
  sum.queuesFilled += more.queuesFilled;
  sum.queuesOverrun += more.queuesOverrun;
  sum.groupsWithoutRoom += more.groupsWithoutRoom;
}

export function showHits(hits: Readonly<Hits>): string {
  const { kills, killsWithinCommit, queuesFilled, queuesOverrun, groupsWithoutRoom } = hits;
  return [
    `${killsWithinCommit} of ${kills} kills within a commit`,
    `${queuesFilled} connections whose queue filled`,
    `${queuesOverrun} cut for it`,
    `${groupsWithoutRoom} groups of commits that found the disc full`,
  ].join(", ");
}
