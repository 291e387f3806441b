/** Place (such as a contact of a roster) → what is there; a place that is empty is absent. */
export type Places = ReadonlyMap<string, string>;

interface Change {
  readonly place: string;
  readonly value: string | undefined;
}

/**
 * What one owner wrote, in order. Whatever happens to the server, what is read afterwards must be what was there after
 * some number of these writes, and at least after those that the server confirmed.
 */
export class WriteLedger {
  #base: Places = new Map();
  #changes: Change[] = [];
  #confirmed = 0;
  confirmations = 0;
  /** Confirmed writes that a check has found. */
  kept = 0;

  write(place: string, value: string | undefined): void {
    this.#changes.push({ place, value });
  }

  /** The oldest write that was not confirmed yet is. */
  confirm(): void {
    this.#confirmed++;
    this.confirmations++;
  }

  /** What is there when all goes well. */
  get latest(): Places {
    return after(this.#base, this.#changes);
  }

  /** This was read when nothing was under way any more. Returns what is wrong with it; if nothing is, it is the new base. */
  check(read: Places): string | undefined {
    for (let count = this.#changes.length; count >= this.#confirmed; count--) {
      if (difference(after(this.#base, this.#changes.slice(0, count)), read) !== undefined) continue;
      this.kept += this.#confirmed;
      this.#base = new Map(read);
      this.#changes = [];
      this.#confirmed = 0;
      return undefined;
    }
    const owed = after(this.#base, this.#changes.slice(0, this.#confirmed));
    const unconfirmed = this.#changes.length - this.#confirmed;
    return `${difference(owed, read)}, and no number of the ${unconfirmed} unconfirmed writes explains it`;
  }
}

function after(base: Places, changes: readonly Change[]): Places {
  const places = new Map(base);
  for (const { place, value } of changes) {
    if (value === undefined) places.delete(place);
    else places.set(place, value);
  }
  return places;
}

/** In words; undefined when there is none. */
export function difference(expected: Places, found: Places): string | undefined {
  for (const place of new Set([...expected.keys(), ...found.keys()])) {
    const [wanted, there] = [expected.get(place), found.get(place)];
    if (wanted !== there) return `${place} is ${there ?? "not there"} instead of ${wanted ?? "not there"}`;
  }
  return undefined;
}
