import { idPattern } from "./message-ledger.ts";

/**
 * Knows of every acknowledged message in whose archives it must be: its sender's and its recipient's. What was not
 * acknowledged may be there too, but nothing twice, and what one sent in the order of sending.
 */
export class ArchiveLedger {
  /** Owner → ids that must be in the archive, and were not looked for yet. */
  readonly #owed = new Map<string, Set<string>>();
  readonly #seen = new Map<string, Set<string>>();
  readonly #last = new Map<string, number>();
  readonly #owners: readonly string[];
  /** Rows of acknowledged messages that a check has found. */
  kept = 0;

  /** @param owners whose archives are looked at */
  constructor(owners: readonly string[]) {
    this.#owners = owners;
  }

  /** This message was acknowledged to its sender. */
  acknowledge(id: string): void {
    const [, from = "", to = ""] = idPattern.exec(id) ?? [];
    for (const owner of new Set([from, to])) if (this.#owners.includes(owner)) setOf(this.#owed, owner).add(id);
  }

  /** These ids are in the archive behind those of the last check, in this order. Returns what is wrong. */
  check(owner: string, ids: readonly string[]): readonly string[] {
    const problems: string[] = [];
    const owed = setOf(this.#owed, owner);
    const seen = setOf(this.#seen, owner);
    for (const id of ids) {
      const [, from = "", to = "", number = ""] = idPattern.exec(id) ?? [];
      if (from !== owner && to !== owner) problems.push(`the archive has "${id}", which is none of theirs`);
      if (seen.has(id)) problems.push(`the archive has ${id} twice`);
      const course = `${owner} ${from}>${to}`;
      if (Number(number) < (this.#last.get(course) ?? 0)) problems.push(`the archive has ${id} behind a later message`);
      this.#last.set(course, Number(number));
      seen.add(id);
      if (owed.delete(id)) this.kept++;
    }
    for (const id of owed) problems.push(`${id} was acknowledged and is not in the archive`);
    owed.clear();
    return problems;
  }
}

function setOf(map: Map<string, Set<string>>, key: string): Set<string> {
  const known = map.get(key) ?? new Set();
  map.set(key, known);
  return known;
}
