/** A row that sessions owe to their clients. */
export interface OwedRow {
  /** How many sessions do. */
  owing: number;
  /** The client of one of them, or of one that is no more, has it: it waits for nobody else. */
  taken: boolean;
  /** It was written down for sessions only, and does not count as waiting. */
  extra: boolean;
  /** Batches that it is in which have not failed. */
  batches: number;
  /** It is being removed. */
  leaving: boolean;
}

/**
 * The rows of one account's store that somebody has to do with at present, by their names; all others wait. Whatever happens
 * to a row, each session that owes it says so once.
 */
export class OwedRows {
  readonly #rows = new Map<string, OwedRow>();
  #extra = 0;

  /** How many of them do not count as waiting. */
  get extra(): number {
    return this.#extra;
  }

  get(name: string): OwedRow | undefined {
    return this.#rows.get(name);
  }

  /** A session owes what waits; undefined where the row is being removed. */
  lend(name: string): OwedRow | undefined {
    const row = this.#rows.get(name) ?? this.add(name, { extra: false });
    if (row.leaving) return undefined;
    row.owing += 1;
    return row;
  }

  /** The row is none that waits. There is none of this name yet. */
  add(name: string, { extra }: { readonly extra: boolean }): OwedRow {
    const row: OwedRow = { owing: 0, taken: false, extra, batches: 0, leaving: false };
    this.#rows.set(name, row);
    if (extra) this.#extra += 1;
    return row;
  }

  /** It is being removed. What is no row of these yet is from now on. */
  leave(name: string): OwedRow {
    const row = this.#rows.get(name) ?? this.add(name, { extra: false });
    if (row.extra) this.#extra -= 1;
    row.extra = false;
    row.leaving = true;
    return row;
  }

  /** Nobody owes it any more: it waits, or it is gone. Only this very row, where it is given. */
  delete(name: string, row = this.#rows.get(name)): void {
    if (row === undefined || this.#rows.get(name) !== row) return;
    this.#rows.delete(name);
    if (row.extra) this.#extra -= 1;
  }
}
