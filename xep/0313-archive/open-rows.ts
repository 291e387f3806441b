import type { ArchivedRow, ArchivePlace } from "#kit/stanza.ts";

/**
 * Rows of one archive whose messages nobody has yet, in their order: up to where everything was taken by a client, is written
 * down for one that will come, or was decided about otherwise.
 */
export class OpenRows {
  #oldest: OpenRow | undefined;
  #newest: OpenRow | undefined;
  #reached: ArchivePlace | undefined;
  readonly #moved: () => void;

  /** @param moved called whenever `reached` has moved on */
  constructor(moved: () => void) {
    this.#moved = moved;
  }

  /** The last row up to which nothing is open; undefined before there was one. */
  get reached(): ArchivePlace | undefined {
    return this.#reached;
  }

  get empty(): boolean {
    return this.#oldest === undefined;
  }

  /** Begins a row, later than all before, with one hold. */
  open(place: ArchivePlace): ArchivedRow {
    const row = new OpenRow(place, this.#closed);
    if (this.#newest === undefined) this.#oldest = row;
    else this.#newest.next = row;
    this.#newest = row;
    return row;
  }

  readonly #closed = (closed: OpenRow): void => {
    if (closed !== this.#oldest) return;
    let row: OpenRow | undefined = closed;
    while (row?.held === false) {
      this.#reached = row;
      const next: OpenRow | undefined = row.next;
      // Who still has this one must not keep all that came later.
      row.next = undefined;
      row = next;
    }
    this.#oldest = row;
    if (row === undefined) this.#newest = undefined;
    this.#moved();
  };
}

/** One object a message, as long as somebody has to do with it. */
class OpenRow implements ArchivedRow {
  readonly id: string;
  readonly at: number;
  next: OpenRow | undefined;
  #holds = 1;
  readonly #closed: (row: OpenRow) => void;

  constructor({ id, at }: ArchivePlace, closed: (row: OpenRow) => void) {
    this.id = id;
    this.at = at;
    this.#closed = closed;
  }

  get held(): boolean {
    return this.#holds > 0;
  }

  hold(): void {
    this.#holds += 1;
  }

  release(): void {
    this.#holds -= 1;
    if (this.#holds === 0) this.#closed(this);
  }
}
