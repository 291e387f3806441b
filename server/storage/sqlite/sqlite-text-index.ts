import type { SearchableChild } from "#kit/storage.ts";
import { readDeclaration } from "../schema-session.ts";
import type { IndexStep } from "../text-indexing.ts";
import { searchableWords, TermPrefix } from "../text-terms.ts";
import { integerOf, textOf } from "./sqlite-file.ts";
import type { SqliteFile } from "./sqlite-file.ts";
import { forgetIndex, placeBits, placeTimeMax } from "./text-layout.ts";

/** How long a step keeps commits waiting, about. */
const stepMsMax = 12;
/** Rows between two looks at the clock. */
const rowsAtOnce = 32;
const goneAtOnce = 64;
/** Owners whose prefix is known. */
const prefixesMax = 4_096;

const declaredStores = "SELECT store, declared FROM text_store";
const readMark = "SELECT mark FROM text_state";
const writeMark = "UPDATE text_state SET mark = ?1";
const nextRows = "SELECT number, store, owner, at, peer, value FROM archive WHERE number > ?1 ORDER BY number LIMIT ?2";
const lastNumber = "SELECT max(number) FROM archive";
const goneRows = "SELECT number, at FROM text_gone LIMIT ?1";
const goneCount = "SELECT count(*) FROM (SELECT 1 FROM text_gone LIMIT 100000)";
const forgetGone = "DELETE FROM text_gone WHERE number = ?1";
/** The first place of a time. Numbers come as doubles, which cannot be shifted, and have too few bits for a place. */
const base = `(CAST(?1 AS INTEGER) << ${placeBits})`;
const place = `${base} + CAST(?2 AS INTEGER)`;
const lastCount = `SELECT max(place) - ${base} FROM text_place WHERE place >= ${base} AND place < ${base} + ${2 ** placeBits}`;
const addPlace = `INSERT INTO text_place (place, number) VALUES (${place}, ?3)`;
const addTerms = `INSERT INTO text (rowid, terms) VALUES (${place}, ?3)`;
const findPlace = `SELECT place - ${base} FROM text_place WHERE place >= ${base} AND place < ${base} + ${2 ** placeBits} AND number = ?2`;
const removeTerms = `DELETE FROM text WHERE rowid = ${place}`;
const removePlace = `DELETE FROM text_place WHERE place = ${place}`;

/** Fills the index of what can be searched, a little at a time. Lives where the writer does, whose connection it shares. */
export class SqliteTextIndex {
  readonly #file: SqliteFile;
  readonly #prefixes = new Map<string, TermPrefix>();
  #searchable = new Map<string, readonly SearchableChild[]>();
  #lastValue: string | undefined;
  #lastSearchable: readonly SearchableChild[] = [];
  #lastWords: readonly string[] = [];
  /** The time of the row that was added last in this step, and which place of it is free. */
  #lastTime: number | undefined;
  #nextCount = 0;

  constructor(file: SqliteFile) {
    this.#file = file;
    this.declared();
  }

  /** To be called when something was declared. */
  declared(): void {
    this.#searchable = new Map(
      this.#file.rows(declaredStores).map(([store, text]) => [textOf(store), readDeclaration(textOf(text))]),
    );
  }

  /** One transaction's worth of work. Throws SQLite's errors; then nothing of it has happened. */
  step(clock: () => number): IndexStep {
    const file = this.#file;
    const end = clock() + stepMsMax;
    // What an earlier step thought may have been taken back, or swept away.
    this.#lastTime = undefined;
    let indexed = 0;
    // It need not be on the disc before anything is said: the next commit of messages takes it along, and what a crash
    // takes away is behind the mark again.
    file.run("PRAGMA synchronous = NORMAL");
    try {
      file.run("BEGIN IMMEDIATE");
      while (this.#sweep() && clock() < end);
      let mark = integerOf(file.rows(readMark)[0]?.[0]);
      const last = integerOf(file.rows(lastNumber)[0]?.[0] ?? 0);
      while (mark < last && clock() < end) {
        const rows = file.rows(nextRows, [mark, rowsAtOnce]);
        for (const [number, store, owner, at, peer, value] of rows) {
          mark = integerOf(number);
          const searchable = this.#searchable.get(textOf(store));
          if (searchable === undefined) continue;
          const words = this.#words(textOf(value), searchable);
          if (words.length > 0)
            this.#add(
              { number: mark, at: integerOf(at) },
              this.#terms(textOf(store), textOf(owner), words, textOf(peer)),
            );
          indexed++;
          if (clock() >= end) break;
        }
      }
      file.run(writeMark, [mark]);
      const waiting = Math.max(last - mark, 0) + integerOf(file.rows(goneCount)[0]?.[0]);
      file.run("COMMIT");
      return { indexed, waiting };
    } catch (error) {
      file.rollBack();
      throw error;
    } finally {
      file.run("PRAGMA synchronous = FULL");
    }
  }

  /** Forgets the index, after it was found damaged. */
  rebuild(): void {
    this.#file.run("BEGIN IMMEDIATE");
    try {
      for (const text of forgetIndex) this.#file.run(text);
      this.#file.run("COMMIT");
    } catch (error) {
      this.#file.rollBack();
      throw error;
    }
  }

  /** Takes some removed rows out of the index; whether there may be more. */
  #sweep(): boolean {
    const file = this.#file;
    const gone = file.rows(goneRows, [goneAtOnce]);
    for (const [number, at] of gone) {
      const time = placeTime(integerOf(at));
      const [found] = file.rows(findPlace, [time, integerOf(number)]);
      if (found !== undefined) {
        const count = integerOf(found[0]);
        file.run(removeTerms, [time, count]);
        file.run(removePlace, [time, count]);
      }
      file.run(forgetGone, [integerOf(number)]);
    }
    return gone.length === goneAtOnce;
  }

  #add({ number, at }: { readonly number: number; readonly at: number }, terms: string): void {
    const time = placeTime(at);
    if (time !== this.#lastTime) {
      const last = this.#file.rows(lastCount, [time])[0]?.[0];
      this.#nextCount = typeof last === "number" ? last + 1 : 0;
      this.#lastTime = time;
    }
    const count = this.#nextCount++;
    this.#file.run(addPlace, [time, count, number]);
    this.#file.run(addTerms, [time, count, terms]);
  }

  /** Both parties' rows of a message lie side by side, with the same text. */
  #words(value: string, searchable: readonly SearchableChild[]): readonly string[] {
    if (value !== this.#lastValue || searchable !== this.#lastSearchable) {
      this.#lastValue = value;
      this.#lastSearchable = searchable;
      this.#lastWords = searchableWords(value, searchable);
    }
    return this.#lastWords;
  }

  #terms(store: string, owner: string, words: readonly string[], peer: string): string {
    const prefix = this.#prefix(store, owner);
    return `${words.map((word) => prefix.word(word)).join(" ")} ${prefix.peer(peer)}`;
  }

  #prefix(store: string, owner: string): TermPrefix {
    const key = `${store}\0${owner}`;
    let prefix = this.#prefixes.get(key);
    if (prefix === undefined) {
      if (this.#prefixes.size >= prefixesMax) this.#prefixes.clear();
      prefix = new TermPrefix(store, owner);
      this.#prefixes.set(key, prefix);
    }
    return prefix;
  }
}

export function placeTime(at: number): number {
  return Math.min(Math.max(at, 0), placeTimeMax);
}
