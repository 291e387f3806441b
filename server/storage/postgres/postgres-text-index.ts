import type { SearchableChild } from "#kit/storage.ts";
import { phrasesOf } from "#kit/search-words.ts";
import { betweenPlaces, rowColumns, rowFilter, splitWith, SqlText, whereSql } from "../sql-select.ts";
import type { PlacedPageQuery, SqlDialect, SqlQuery } from "../sql-select.ts";
import type { IndexStep } from "../text-indexing.ts";
import { readDeclaration } from "../schema-session.ts";
import { searchableWords, TermPrefix } from "../text-terms.ts";
import { hasKey } from "./postgres-session.ts";
import type { PostgresSession } from "./postgres-session.ts";

/** Rows of a step: their words are found on this thread, which has other things to do. */
const stepRows = 400;

/**
 * The tables of the index of what can be searched. What is appended is noted in `text_queue` by the same transaction, and
 * indexed behind it; rows from before are walked through in the order of the archive's key, up to the place in
 * `text_store`. Whoever removes rows of an archive removes what is indexed of them behind that (group-plan.ts): while they
 * are being indexed they are locked. A foreign key would do the same, and costs more than all the rest.
 */
export const textLayout = (schema: string): readonly string[] => [
  `CREATE TABLE ${schema}.text_store (store text COLLATE "C" PRIMARY KEY, declared text NOT NULL,
    id text COLLATE "C" NOT NULL, owner text COLLATE "C" NOT NULL, rows_done bigint NOT NULL, walked boolean NOT NULL)`,
  `CREATE TABLE ${schema}.text_queue (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store text COLLATE "C" NOT NULL, owner text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL)`,
  `CREATE TABLE ${schema}.archive_text (
    store text COLLATE "C" NOT NULL, owner text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL, terms tsvector NOT NULL,
    PRIMARY KEY (owner, store, id))`,
  `CREATE INDEX archive_text_by_terms ON ${schema}.archive_text USING gin (terms)`,
];

/** A few rows are looked up among many, whatever the planner makes of tables that it knows nothing of yet. */
const byIndex =
  "SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), " +
  "set_config('enable_seqscan', 'off', true)";

type Kept = {
  readonly store: string;
  readonly owner: string;
  readonly id: string;
  readonly peer: string;
  readonly value: string;
};

/** Indexes some rows, in one transaction. */
export async function indexStep(session: PostgresSession, dialect: SqlDialect): Promise<IndexStep> {
  await session.query("BEGIN");
  try {
    await session.query(byIndex);
    const stores = await session.query(
      `SELECT store, declared, id, owner, rows_done, walked FROM ${dialect.table("text_store")}`,
    );
    const searchable = new Map(stores.map(([store, declared]) => [String(store), readDeclaration(String(declared))]));
    let rows = keptRows(
      await session.query(
        `WITH taken AS (DELETE FROM ${dialect.table("text_queue")} WHERE number = ANY (ARRAY(` +
          `SELECT number FROM ${dialect.table("text_queue")} ORDER BY number LIMIT $1)) RETURNING store, owner, id) ` +
          `SELECT kept.* FROM taken CROSS JOIN LATERAL (` +
          `SELECT row.store, row.owner, row.id, row.peer, row.value FROM ${dialect.table("archive")} AS row ` +
          `WHERE ${hasKey("row", "taken.id", "taken.owner", "taken.store")} LIMIT 1 FOR KEY SHARE) AS kept`,
        [stepRows],
      ),
    );
    const unwalked = stores.find(([, , , , , walked]) => walked !== true);
    let waiting = 0;
    if (rows.length === 0 && unwalked !== undefined) {
      const [store, , id, owner, done] = unwalked.map(String);
      rows = await walk(session, dialect, { store: store ?? "", id: id ?? "", owner: owner ?? "" });
      waiting = rows.length < stepRows ? 1 : await rowsAhead(session, dialect, Number(done) + rows.length);
    } else if (rows.length > 0) waiting = (await queued(session, dialect)) + (unwalked === undefined ? 0 : 1);
    if (rows.length > 0) await writeTerms(session, dialect, searchable, rows);
    await session.query("COMMIT");
    return { indexed: rows.length, waiting };
  } catch (error) {
    await session.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

/** The next rows from before their archive was declared searchable. */
async function walk(
  session: PostgresSession,
  dialect: SqlDialect,
  from: { readonly store: string; readonly id: string; readonly owner: string },
): Promise<readonly Kept[]> {
  const rows = keptRows(
    await session.query(
      `SELECT store, owner, id, peer, value FROM ${dialect.table("archive")} ` +
        // Not the index by time, whose rows of the store would all be read and sorted for each step.
        "WHERE store || '' = $1 AND (id, owner) > ($2, $3) ORDER BY id, owner LIMIT $4 FOR KEY SHARE",
      [from.store, from.id, from.owner, stepRows],
    ),
  );
  const last = rows.at(-1) ?? from;
  await session.query(
    `UPDATE ${dialect.table("text_store")} SET id = $2, owner = $3, rows_done = rows_done + $4::bigint, ` +
      "walked = $4::bigint = 0 WHERE store = $1",
    [from.store, last.id, last.owner, rows.length],
  );
  return rows;
}

async function writeTerms(
  session: PostgresSession,
  dialect: SqlDialect,
  searchable: ReadonlyMap<string, readonly SearchableChild[]>,
  rows: readonly Kept[],
): Promise<void> {
  const indexed = new Map<string, Kept & { readonly terms: string }>();
  for (const row of rows) {
    const words = searchableWords(row.value, searchable.get(row.store) ?? []);
    indexed.set(`${row.store}\0${row.owner}\0${row.id}`, { ...row, terms: termsOf(row, words) });
  }
  const all = [...indexed.values()];
  const keys = (some: typeof all) => [
    some.map(({ id }) => id),
    some.map(({ owner }) => owner),
    some.map(({ store }) => store),
  ];
  const wordless = all.filter(({ terms }) => terms === "");
  if (wordless.length > 0)
    await session.query(
      `DELETE FROM ${dialect.table("archive_text")} AS indexed ` +
        "USING unnest($1::text[], $2::text[], $3::text[]) AS gone (id, owner, store) " +
        "WHERE indexed.id = gone.id AND indexed.owner = gone.owner AND indexed.store = gone.store",
      keys(wordless),
    );
  const worded = all.filter(({ terms }) => terms !== "");
  if (worded.length > 0)
    await session.query(
      `INSERT INTO ${dialect.table("archive_text")} (id, owner, store, terms) ` +
        "SELECT id, owner, store, terms::tsvector " +
        "FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS new (id, owner, store, terms) " +
        "ON CONFLICT (owner, store, id) DO UPDATE SET terms = excluded.terms",
      [...keys(worded), worded.map(({ terms }) => terms)],
    );
}

/** The words with their places, as PostgreSQL writes a tsvector: its own rules for words are not asked. */
function termsOf({ store, owner, peer }: Kept, words: readonly string[]): string {
  if (words.length === 0) return "";
  const prefix = new TermPrefix(store, owner);
  const terms = words.map((word, place) => `${quoted(prefix.word(word))}:${place + 1}`);
  return [...terms, quoted(prefix.peer(peer))].join(" ");
}

/** How many entries there are, as their numbers say. */
async function queued(session: PostgresSession, dialect: SqlDialect): Promise<number> {
  const [row] = await session.query(
    `SELECT coalesce(max(number) - min(number) + 1, 0) FROM ${dialect.table("text_queue")}`,
  );
  return Number(row?.[0]);
}

/** How many rows there are beyond those that were walked through, as PostgreSQL estimates it. */
async function rowsAhead(session: PostgresSession, dialect: SqlDialect, done: number): Promise<number> {
  const [row] = await session.query("SELECT reltuples::bigint FROM pg_class WHERE oid = $1::regclass", [
    dialect.table("archive"),
  ]);
  return Math.max(Number(row?.[0]) - done, 1);
}

function keptRows(rows: readonly (readonly unknown[])[]): readonly Kept[] {
  return rows.map((row) => {
    const [store = "", owner = "", id = "", peer = "", value = ""] = row.map(String);
    return { store, owner, id, peer, value };
  });
}

/** Undefined where nothing can be found, because the query has no words. */
export function searchSql(
  dialect: SqlDialect,
  store: string,
  owner: string,
  query: PlacedPageQuery,
): { readonly page: SqlQuery; readonly count: SqlQuery } | undefined {
  const phrases = phrasesOf(query.text ?? "") ?? [];
  if (phrases.length === 0) return undefined;
  const peer = query.with === undefined ? undefined : splitWith(query.with)[0];
  const terms = new TermPrefix(store, owner).terms(phrases, peer);
  const wanted = terms.map((phrase) => `(${phrase.map(quoted).join(" <-> ")})`).join(" & ");
  /**
   * The index of terms leads, and each row that it names is looked up by its key, whatever the planner takes the number
   * of either for: a join by owner is quadratic in the rows of the owner.
   */
  const select = (sql: SqlText, what: string, more: readonly string[]): string => {
    const matching = [`terms @@ ${sql.value(wanted)}::tsquery`, ...sql.isOf(store, owner, "byId")];
    if (query.ids !== undefined) matching.push(sql.isIn("id", query.ids, "text"));
    const isKept = hasKey("row", "found.id", `${sql.value(owner)}::text`, `${sql.value(store)}::text`);
    return (
      `WITH found AS MATERIALIZED (SELECT id FROM ${dialect.table("archive_text")}${whereSql(matching)}) ` +
      `SELECT ${what} FROM found CROSS JOIN LATERAL (SELECT id, at, peer, resource, value ` +
      `FROM ${dialect.table("archive")} AS row WHERE ${isKept} LIMIT 1) AS kept` +
      whereSql([...rowFilter(sql, query), ...more])
    );
  };
  const page = new SqlText(dialect);
  const direction = query.direction === "backward" ? " DESC" : "";
  const pageText =
    select(page, rowColumns(query, "kept.id"), betweenPlaces(page, query, "kept.id")) +
    ` ORDER BY at${direction}, kept.id${direction} LIMIT ${page.value(query.max + 1)}`;
  const count = new SqlText(dialect);
  const countText = select(count, "count(*) AS rows", []);
  return {
    page: { text: pageText, parameters: page.parameters },
    count: { text: countText, parameters: count.parameters },
  };
}

/** Terms have neither quotes nor backslashes. */
function quoted(term: string): string {
  return `'${term}'`;
}

/** Has what is there looked at again. */
export async function reindex(session: PostgresSession, dialect: SqlDialect): Promise<void> {
  await session.query("BEGIN");
  await session.query(`TRUNCATE ${dialect.table("archive_text")}`);
  await session.query(`REINDEX TABLE ${dialect.table("archive_text")}`);
  await session.query(`UPDATE ${dialect.table("text_store")} SET id = '', owner = '', rows_done = 0, walked = false`);
  await session.query("COMMIT");
}
