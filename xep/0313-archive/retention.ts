import type { Timer } from "#kit/env.ts";
import type { Host, HostArchive, HostOwners } from "#kit/host.ts";
import type { ArchivePage, ArchiveRow, PageQuery, TableShape } from "#kit/storage.ts";
import { messagesMax, retentionDays, type ArchiveLimits } from "./slots.ts";

/** Where the walk of a host is, so that it goes on there after a restart. */
export const walkPlaces: TableShape = {
  shape: "table",
  name: "archive-walks",
  version: 1,
  columns: { host: "text", archive: "text", owner: "text" },
  key: ["host", "archive"],
  indexes: [],
};

const dayMs = 24 * 3_600_000;
/** A server that has just started has other things to do. */
const firstWalkMs = 60_000;
/** Between the end of a walk and the next. */
const walkEveryMs = 6 * 3_600_000;
/** Between any two looks into storage: a walk is never in the way. */
const pauseMs = 20;
/** After storage has failed. */
const retryMs = 60_000;
const ownersAtOnce = 50;
/** Rows that are removed by one commit. Each is read for its id, text and all. */
const removedAtOnceMax = 100;

export interface RetentionParts {
  readonly host: Host;
  /** Whose rows: any archive of the host's owners will do. */
  readonly archive: HostArchive;
  /** Its name, for the place that is remembered. */
  readonly name: string;
  /** Owners for whom it was decided otherwise than for the host. */
  readonly exceptions: HostOwners & { readonly get: (owner: string) => Promise<ArchiveLimits | undefined> };
}

/**
 * Removes from archives what is too old or too much: the oldest first, so that no gap is left. [xep0313-3.2-02] It walks
 * past the owners, slowly and for ever, whether they are there or not; where nothing is limited, nothing goes on.
 */
export class Retention implements Disposable {
  readonly #parts: RetentionParts;
  #timer: Timer | undefined;
  #walking = false;
  /** Limits have changed behind the walk's back. */
  #again = false;
  #stopped = false;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  /** To be called at the start, and when somebody's limits have changed. */
  begin(): void {
    this.#again = this.#walking;
    if (this.#walking) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    void this.#beginIfLimited();
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #beginIfLimited(): Promise<void> {
    if (this.#isHostLimited) return this.#walkIn(firstWalkMs);
    try {
      const [exception] = await this.#parts.exceptions.owners({ limit: 1 });
      if (exception !== undefined) this.#walkIn(firstWalkMs);
    } catch {
      this.#walkIn(retryMs);
    }
  }

  get #isHostLimited(): boolean {
    const { host } = this.#parts;
    return host.setting(retentionDays) > 0 || host.setting(messagesMax) > 0;
  }

  #walkIn(ms: number): void {
    if (this.#stopped || this.#timer !== undefined || this.#walking) return;
    this.#timer = this.#parts.host.env.setTimer(ms, () => {
      this.#timer = undefined;
      this.#walking = true;
      this.#again = false;
      void this.#walk();
    });
  }

  async #walk(): Promise<void> {
    const { host } = this.#parts;
    let nextMs = walkEveryMs;
    try {
      const { owners, removed } = await this.#walkOwners();
      if (removed > 0) host.log.info({ host: host.domain, owners, removed }, "old messages were removed from archives");
    } catch (error) {
      // The place is remembered: what was done need not be done again.
      nextMs = retryMs;
      if (!this.#stopped)
        host.log.warn({ host: host.domain, error }, "archives cannot be tidied now; it is tried again");
    }
    this.#walking = false;
    this.#walkIn(this.#again ? firstWalkMs : nextMs);
  }

  async #walkOwners(): Promise<{ readonly owners: number; readonly removed: number }> {
    const { archive, exceptions, host, name } = this.#parts;
    const walked: HostOwners = this.#isHostLimited ? archive : exceptions;
    const places = host.table(walkPlaces);
    const key = { host: host.domain, archive: name };
    const [place] = await places.select({
      where: [
        { column: "host", is: "=", value: key.host },
        { column: "archive", is: "=", value: key.archive },
      ],
      limit: 1,
    });
    let after = String(place?.["owner"] ?? "");
    const done = { owners: 0, removed: 0 };
    while (!this.#stopped) {
      const owners = await walked.owners({ after, limit: ownersAtOnce });
      for (const owner of owners) {
        if (!(await this.#goesOn())) return done;
        done.removed += await this.#tidy(owner);
        done.owners += 1;
      }
      after = owners.length < ownersAtOnce ? "" : (owners.at(-1) ?? "");
      await places.write([{ op: "upsert", row: { ...key, owner: after } }]);
      if (after === "") return done;
    }
    return done;
  }

  /** What is too old goes first, then what is too much. */
  async #tidy(owner: string): Promise<number> {
    const { archive, exceptions, host } = this.#parts;
    const own = await exceptions.get(owner);
    const days = own?.retentionDays ?? host.setting(retentionDays);
    // [xep0313-3.2-01]
    const max = own?.messagesMax ?? host.setting(messagesMax);
    let removed = 0;
    if (days > 0) removed += await this.#removeOldest(owner, { end: host.env.now() - days * dayMs - 1 }, Infinity);
    if (max > 0) {
      const counted = await archive.page(owner, { max: 0, direction: "forward", countRows: true });
      const excess = (counted.found ? (counted.count ?? 0) : 0) - max;
      removed += await this.#removeOldest(owner, {}, excess);
    }
    return removed;
  }

  async #removeOldest(owner: string, which: Pick<PageQuery, "end">, most: number): Promise<number> {
    const { archive, host } = this.#parts;
    let removed = 0;
    while (removed < most) {
      const max = Math.min(most - removed, removedAtOnceMax);
      // [xep0313-3.2-02]
      const rows = rowsOf(await archive.page(owner, { ...which, max, direction: "forward", withoutValues: true }));
      await archive.remove(
        owner,
        rows.map(({ id }) => id),
      );
      removed += rows.length;
      if (rows.length > 0) host.counted("archive_rows_expired", rows.length);
      if (rows.length < max || !(await this.#goesOn())) break;
    }
    return removed;
  }

  /** After a pause: whether the host still runs. */
  async #goesOn(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#parts.host.env.setTimer(pauseMs, resolve);
    await promise;
    return !this.#stopped;
  }
}

function rowsOf(page: ArchivePage): readonly ArchiveRow[] {
  return page.found ? page.rows : [];
}
