/** Rows that are to be removed though they are said not to be written: beyond so many one that is there all the same comes. */
export const unwrittenRowsMax = 10_000;

/** What memory knows of one row of the store. */
export interface KnownRow {
  /**
   * Wanted: it waits, or sessions owe it. Unwanted: nobody is to get it, though it may be there, as it could not be removed, or
   * is said not to be written; it has still to be removed. Leaving: it is being removed.
   */
  fate: "wanted" | "unwanted" | "leaving";
  /** How many sessions owe it to their clients, and have not said what became of it. */
  owing: number;
  /** The client of one of them, or of one that is no more, has it: it waits for nobody else. */
  taken: boolean;
  /** It was written down for sessions only, and does not count as waiting. */
  extra: boolean;
  /** Batches with it of which it is not certain yet whether they are written. */
  pending: number;
  /** One of them is. */
  written: boolean;
}

/**
 * The rows of one account's store of which memory knows anything, by their names. All others are there for certain and wait for
 * whoever comes. Each session that owes a row says once what became of it, whatever happens to the row meanwhile.
 *
 * | what happens            | not known | wanted                                                  | unwanted | leaving             |
 * | ----------------------- | --------- | ------------------------------------------------------- | -------- | ------------------- |
 * | `write`                 | wanted    | the same, in one batch more                             | wanted   | wanted, another row |
 * | `written`               | –         | not known where nobody owes it and no batch is under way | as it is | as it is            |
 * | `unwritten`             | –         | unwanted where it is nowhere, or a client has it and    | as it is | as it is            |
 * |                         |           | nobody owes it; else as `written`                       |          |                     |
 * | `lend`                  | wanted    | owed by one more                                        | no       | no                  |
 * | `claim`                 | wanted    | owed by one more                                        | wanted   | no                  |
 * | `wait`                  | –         | not known where no batch is under way                   | –        | –                   |
 * | `leave`                 | leaving   | leaving                                                 | leaving  | –                   |
 * | `removed`, `notRemoved` | –         | –                                                       | –        | not known, unwanted |
 */
export class KnownRows {
  readonly #rows = new Map<string, KnownRow>();
  readonly #unwanted = new Set<string>();
  #extra = 0;
  /** What is being read may be from before rows were removed: these are known as long. */
  #readers = 0;
  readonly #removed: (readonly [string, KnownRow])[] = [];

  /** How many wanted rows do not count as waiting. */
  get extra(): number {
    return this.#extra;
  }

  /** Rows that have still to be removed. */
  get unwanted(): ReadonlySet<string> {
    return this.#unwanted;
  }

  get(name: string): KnownRow | undefined {
    return this.#rows.get(name);
  }

  /** Whether a row that is there is to be. */
  isWanted(name: string): boolean {
    return (this.#rows.get(name)?.fate ?? "wanted") === "wanted";
  }

  /** Whether a row that is there waits for whoever comes. */
  waits(name: string): boolean {
    return this.isWanted(name) && (this.#rows.get(name)?.owing ?? 0) === 0;
  }

  /** A batch is going to write it. What is new is `extra` or not. */
  write(name: string, extra: boolean): { readonly row: KnownRow; readonly isNew: boolean } {
    const before = this.#rows.get(name);
    const isNew = before?.fate !== "wanted";
    const row = isNew ? this.#put(name, { extra, owing: before?.owing ?? 0, written: false }) : before;
    if (isNew && extra) row.taken = before?.taken === true;
    row.pending += 1;
    return { row, isNew };
  }

  /** One of its batches is written. */
  written(name: string, row: KnownRow): void {
    row.pending -= 1;
    row.written = true;
    this.#forgetWaiting(name, row);
  }

  /**
   * One of its batches is said not to be.
   *
   * @param owed whether that was for a session, which owes no row then
   * @returns true where nobody is to get it from now on: no other batch has it, or a client has it and no session owes it
   */
  unwritten(name: string, row: KnownRow, owed: boolean): boolean {
    row.pending -= 1;
    if (owed) this.drop(name);
    const now = this.#rows.get(name);
    if (now?.fate !== "wanted") return false;
    const isNowhere = now.pending === 0 && !now.written;
    if (isNowhere || (now.taken && now.owing === 0)) {
      this.#unwant(name, now);
      return true;
    }
    this.#forgetWaiting(name, now);
    return false;
  }

  /** A session owes what waits, or others owe already. False where nobody is to get it. */
  lend(name: string): boolean {
    const row = this.#rows.get(name) ?? this.#put(name, { extra: false, owing: 0, written: true });
    if (row.fate !== "wanted") return false;
    row.owing += 1;
    return true;
  }

  /** A session of before owes it. True where the row is to be from now on, as it was not. */
  claim(name: string, taken: boolean): boolean {
    const before = this.#rows.get(name);
    const isBack = before?.fate === "unwanted";
    const row =
      before === undefined || isBack
        ? this.#put(name, { extra: true, owing: before?.owing ?? 0, written: true })
        : before;
    row.owing += 1;
    if (taken) row.taken = true;
    return isBack;
  }

  /** A session that owed it says that it does no more. Undefined where none is known to. */
  drop(name: string): KnownRow | undefined {
    const row = this.#rows.get(name);
    if (row === undefined || row.owing === 0) return undefined;
    row.owing -= 1;
    return row;
  }

  /** A wanted row that nobody owes waits from now on. */
  wait(name: string, row: KnownRow): void {
    this.#setExtra(row, false);
    this.#forgetWaiting(name, row);
  }

  /** It is being removed. True where it was to be until now. */
  leave(name: string): { readonly row: KnownRow; readonly wasWanted: boolean } {
    const wasWanted = this.isWanted(name);
    const row = this.#rows.get(name) ?? this.#put(name, { extra: false, owing: 0, written: true });
    this.#setExtra(row, false);
    row.fate = "leaving";
    this.#unwanted.delete(name);
    return { row, wasWanted };
  }

  removed(name: string, row: KnownRow): void {
    if (this.#readers === 0) this.#forget(name, row);
    else this.#removed.push([name, row]);
  }

  notRemoved(name: string, row: KnownRow): void {
    if (this.#rows.get(name) !== row) return;
    row.fate = "unwanted";
    this.#unwanted.add(name);
  }

  /** Somebody begins to read rows. Gives what to end it with. */
  beginReading(): () => void {
    this.#readers += 1;
    return () => {
      this.#readers -= 1;
      if (this.#readers > 0) return;
      for (const [name, row] of this.#removed.splice(0)) this.#forget(name, row);
    };
  }

  #put(name: string, { extra, ...known }: Pick<KnownRow, "extra" | "owing" | "written">): KnownRow {
    const row: KnownRow = { fate: "wanted", taken: false, extra: false, pending: 0, ...known };
    this.#rows.set(name, row);
    this.#unwanted.delete(name);
    this.#setExtra(row, extra);
    return row;
  }

  #unwant(name: string, row: KnownRow): void {
    this.#setExtra(row, false);
    row.fate = "unwanted";
    if (this.#unwanted.size < unwrittenRowsMax) this.#unwanted.add(name);
    else this.#forget(name, row);
  }

  /** Of what is there and waits nothing need be known. */
  #forgetWaiting(name: string, row: KnownRow): void {
    if (row.fate === "wanted" && row.owing === 0 && row.pending === 0) this.#forget(name, row);
  }

  /** Only this very row: there may be another one of its name. */
  #forget(name: string, row: KnownRow): void {
    if (this.#rows.get(name) !== row) return;
    this.#setExtra(row, false);
    this.#rows.delete(name);
  }

  #setExtra(row: KnownRow, extra: boolean): void {
    if (row.extra === extra) return;
    row.extra = extra;
    this.#extra += extra ? 1 : -1;
  }
}
