import type { Account } from "#kit/account.ts";
import type { ArchiveEntry } from "#kit/slots.ts";
import { KnownRows, type KnownRow } from "./known-rows.ts";
import { offlineMessages } from "./slots.ts";
import { WaitingCount } from "./waiting-count.ts";

/**
 * The rows of one account's store: what is written and removed, whose they are, and how many wait. Everything joins the account's
 * batch, which may fail; and a store that is out of reach may have done what it says it has not.
 */
export class OfflineRows {
  readonly count: WaitingCount;
  readonly #account: Account;
  readonly #known = new KnownRows();

  constructor(account: Account) {
    this.#account = account;
    this.count = new WaitingCount(account);
  }

  /** How many messages wait for whoever comes, or would if no session brought them that were lent them. */
  get waiting(): number {
    return this.count.rows - this.#known.extra;
  }

  /** Writes a message that waits for whoever comes. */
  keep(entry: ArchiveEntry): void {
    this.#write(entry, false);
  }

  /**
   * Writes down what a session owes to its client. Whoever sent it is told that it is safe, so there is always room: how much a
   * session may owe has its own bound. Where it could not be written the session owes no row, and tries again.
   */
  secure(entry: ArchiveEntry): void {
    // Into the batch of each session that owes it: the one that it is in may yet fail.
    const row = this.#write(entry, true);
    row.owing += 1;
  }

  /** A session that was read back owes this to its client: it waits for nobody else. */
  claim(name: string, taken: boolean): void {
    if (this.#known.claim(name, taken)) this.count.change(1);
  }

  /** A session owes what waits from now on. False where nobody is to get it. */
  lend(name: string): boolean {
    return this.#known.lend(name);
  }

  /** How many sessions owe it. */
  owing(name: string): number {
    return this.#known.get(name)?.owing ?? 0;
  }

  /** Whether the client of one of the sessions that owed it has it. */
  isTaken(name: string): boolean {
    return this.#known.get(name)?.taken === true;
  }

  /** Whether a client has it, or another session owes it beside the one that asks. */
  isInOtherHands(name: string): boolean {
    return this.isTaken(name) || this.owing(name) > 1;
  }

  /** Whether some session has still to bring one of these to its client. */
  isOwed(names: readonly string[]): boolean {
    return names.some((name) => this.#known.isWanted(name) && this.owing(name) > 0);
  }

  /** Whether a row that is there is to be, rather than to be removed. */
  isWanted(name: string): boolean {
    return this.#known.isWanted(name);
  }

  /** Whether a row that is there waits for whoever comes. */
  waits(name: string): boolean {
    return this.#known.waits(name);
  }

  /** Somebody begins to read rows, and asks of each what it is. Gives what to end it with. */
  beginReading(): () => void {
    return this.#known.beginReading();
  }

  /** So many more sessions owe it. */
  relyOn(name: string, sessions: number): void {
    const row = this.#known.get(name);
    if (row !== undefined) row.owing += sessions;
  }

  /** The clients of as many sessions have these: nobody else is to get them. Without names: what should be gone is tried again. */
  take(names: readonly string[] = []): void {
    const done = names.filter((name) => {
      const row = this.#known.drop(name);
      if (row?.fate !== "wanted") return false;
      row.taken = true;
      return row.owing === 0;
    });
    this.#remove(done);
  }

  /** A session need not bring it any more: others will, or nobody has to. */
  letGo(name: string): void {
    const row = this.#known.drop(name);
    if (row?.fate === "wanted" && row.owing === 0) this.#remove([name]);
  }

  /**
   * A session will not bring this to its client: unless somebody has it, or another session owes it, it waits for the next one.
   *
   * @returns false where more than `max` would wait: it is forgotten, and its sender should hear of it
   */
  giveBack(name: string, max: number): boolean {
    const row = this.#known.drop(name);
    if (row?.fate !== "wanted" || row.owing > 0) return true;
    const hasRoom = !row.extra || this.waiting < max;
    if (row.taken || !hasRoom) this.#remove([name]);
    // From now on it counts.
    else this.#known.wait(name, row);
    return row.taken || hasRoom;
  }

  /** Who owns them wants them removed, whoever was to bring them. */
  discard(names: readonly string[]): void {
    this.#remove(names.filter((name) => this.#known.isWanted(name)));
  }

  #write(entry: ArchiveEntry, extra: boolean): KnownRow {
    const { id } = entry;
    const known = this.#known;
    const { row, isNew } = known.write(id, extra);
    this.#account.archive(offlineMessages).append(entry);
    this.count.change(isNew ? 1 : 0);
    this.#account.whenDurable(
      () => known.written(id, row),
      () => {
        if (known.unwritten(id, row, extra)) this.count.takeBack(1);
      },
    );
    return row;
  }

  /** With them goes whatever should be gone and may be there. */
  #remove(names: readonly string[]): void {
    const known = this.#known;
    const all = [...new Set([...names, ...known.unwanted])];
    if (all.length === 0) return;
    const leaving = all.map((name) => ({ name, ...known.leave(name) }));
    this.#account.archive(offlineMessages).remove(all);
    this.count.change(-leaving.filter(({ wasWanted }) => wasWanted).length);
    this.#account.whenDurable(
      () => {
        for (const { name, row } of leaving) known.removed(name, row);
      },
      () => {
        // Nobody gets it again, and it goes with the next ones.
        for (const { name, row } of leaving) known.notRemoved(name, row);
      },
    );
  }
}
