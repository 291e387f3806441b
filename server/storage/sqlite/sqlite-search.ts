import { phrasesOf } from "#kit/search-words.ts";
import { archiveFilter, betweenPlaces, rowColumns, splitWith, SqlText, whereSql } from "../sql-select.ts";
import type { PlacedPageQuery, SqlQuery } from "../sql-select.ts";
import { TermPrefix } from "../text-terms.ts";
import { sqliteDialect } from "./sqlite-file.ts";
import { placeBits } from "./text-layout.ts";
import { placeTime } from "./sqlite-text-index.ts";

/** What a search asks of the index: its rows come in the order of their places, and no more are read than needed. */
export type Search = {
  readonly store: string;
  readonly owner: string;
  readonly query: PlacedPageQuery;
  /** All terms that must occur, in the language of FTS5: nothing in it comes from outside but words. */
  readonly match: string;
};

/** Undefined where nothing can be found, because the query has no words. */
export function searchOf(store: string, owner: string, query: PlacedPageQuery): Search | undefined {
  const phrases = phrasesOf(query.text ?? "") ?? [];
  if (phrases.length === 0) return undefined;
  const peer = query.with === undefined ? undefined : splitWith(query.with)[0];
  const terms = new TermPrefix(store, owner).terms(phrases, peer);
  return { store, owner, query, match: terms.map((phrase) => `"${phrase.join(" ")}"`).join(" AND ") };
}

/**
 * The time of the last row of a page, in whose millisecond places need not be in the order of ids. No row: all that is
 * left is on the page.
 */
export function lastTimeSql(search: Search): SqlQuery {
  const sql = new SqlText(sqliteDialect);
  const order = search.query.direction === "backward" ? " DESC" : "";
  const text =
    `SELECT text.rowid >> ${placeBits} FROM ${found(sql, search)} ` +
    `ORDER BY text.rowid${order} LIMIT 1 OFFSET ${sql.value(search.query.max)}`;
  return { text, parameters: sql.parameters };
}

/** The rows of the page and one more, up to the time that `lastTimeSql` gave. */
export function searchPageSql(search: Search, lastTime: number | undefined): SqlQuery {
  const sql = new SqlText(sqliteDialect);
  const isBackward = search.query.direction === "backward";
  const order = isBackward ? " DESC" : "";
  let text = `SELECT ${rowColumns(search.query)} FROM ${found(sql, search)}`;
  if (lastTime !== undefined) {
    const edge = `CAST(${sql.value(isBackward ? lastTime : lastTime + 1)} AS INTEGER) << ${placeBits}`;
    text += ` AND text.rowid ${isBackward ? ">=" : "<"} (${edge})`;
  }
  text += ` ORDER BY at${order}, id${order} LIMIT ${sql.value(search.query.max + 1)}`;
  return { text, parameters: sql.parameters };
}

export function searchCountSql(search: Search): SqlQuery {
  const sql = new SqlText(sqliteDialect);
  const query = { ...search.query, after: undefined, before: undefined };
  return { text: `SELECT count(*) FROM ${found(sql, { ...search, query })}`, parameters: sql.parameters };
}

/** What is found, joined with its archive rows, which have the last word. */
function found(sql: SqlText, { store, owner, query, match }: Search): string {
  const from = [query.start, query.after?.at].filter((at) => at !== undefined);
  const to = [query.end, query.before?.at].filter((at) => at !== undefined);
  const where = [`text MATCH ${sql.value(match)}`];
  const place = (at: number): string => `(CAST(${sql.value(placeTime(at))} AS INTEGER) << ${placeBits})`;
  if (from.length > 0) where.push(`text.rowid >= ${place(Math.max(...from))}`);
  if (to.length > 0) where.push(`text.rowid < ${place(Math.min(...to))} + ${2 ** placeBits}`);
  where.push(...archiveFilter(sql, store, owner, query), ...betweenPlaces(sql, query));
  // The index leads, whatever the planner thinks of it.
  return (
    "text CROSS JOIN text_place ON text_place.place = text.rowid " +
    `CROSS JOIN archive ON archive.number = text_place.number${whereSql(where)}`
  );
}
