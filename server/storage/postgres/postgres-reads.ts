import type { ArchivePage, ArchiveRow, PageQuery, Row, SelectQuery, TableShape } from "#kit/storage.ts";
import { assert, unreachable } from "#protocol/assert.ts";
import { archivePage, missingPlace } from "../archive-page.ts";
import type { Answer, Read } from "../backend.ts";
import { joinWith, ownersSql, pageCountSql, pageSql, placesSql, selectSql } from "../sql-select.ts";
import type { ArchivePlace, PlacedPageQuery, SqlDialect, SqlQuery } from "../sql-select.ts";
import type { PostgresSession } from "./postgres-session.ts";
import { searchSql } from "./postgres-text-index.ts";

export type ReadContext = { readonly dialect: SqlDialect; readonly tables: ReadonlyMap<string, TableShape> };

/** Answers one read. Reads of one session may overlap, but for pages, which open a transaction. */
export async function readPostgres(session: PostgresSession, context: ReadContext, request: Read): Promise<Answer> {
  const { dialect } = context;
  switch (request.read) {
    case "load": {
      const text = `SELECT store, key, value FROM ${dialect.table("entry")} WHERE owner = $1 ORDER BY store, key`;
      return { read: "load", entries: (await session.query(text, [request.owner])).flat().map(String) };
    }
    case "get": {
      const text = `SELECT value FROM ${dialect.table("entry")} WHERE owner = $1 AND store = $2 AND key = $3`;
      const [row] = await session.query(text, [request.owner, request.store, request.key]);
      return { read: "get", value: row === undefined ? undefined : String(row[0]) };
    }
    case "owners": {
      const { text, parameters } = ownersSql(dialect, request.kept, request.store, request.options);
      return { read: "owners", owners: (await session.query(text, parameters)).map(([owner]) => String(owner)) };
    }
    case "page":
      return { read: "page", page: await readPage(session, dialect, request.store, request.owner, request.query) };
    case "select":
      return { read: "select", rows: await readRows(session, context, request.store, request.query) };
    default:
      return unreachable(request);
  }
}

async function readPage(
  session: PostgresSession,
  dialect: SqlDialect,
  store: string,
  owner: string,
  query: PageQuery,
): Promise<ArchivePage> {
  const anchors = [query.after, query.before].filter((id) => id !== undefined);
  if (anchors.length === 0 && query.countRows !== true) {
    const sql = pageQueries(dialect, store, owner, { ...query, after: undefined, before: undefined });
    return archivePage(query, sql === undefined ? [] : await archiveRows(session, sql.page), undefined);
  }
  // Several statements, which must see one state of the archive.
  const begun = session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  try {
    const places = new Map<string, ArchivePlace>();
    const found = placesSql(dialect, store, owner, anchors);
    const [placed] = await Promise.all([session.query(found.text, found.parameters), begun]);
    for (const [id, at] of placed) places.set(String(id), { id: String(id), at: Number(at) });
    const missing = missingPlace(query, places);
    if (missing !== undefined) return { found: false, missing };
    const between = { ...query, after: places.get(query.after ?? ""), before: places.get(query.before ?? "") };
    const sql = pageQueries(dialect, store, owner, between);
    if (sql === undefined) return archivePage(query, [], query.countRows === true ? 0 : undefined);
    const [rows, counted] = await Promise.all([
      archiveRows(session, sql.page),
      query.countRows === true ? session.query(sql.count.text, sql.count.parameters) : undefined,
    ]);
    return archivePage(query, rows, counted === undefined ? undefined : Number(counted[0]?.[0]));
  } finally {
    await session.query("ROLLBACK");
  }
}

/** Undefined where a search has no words, and so finds nothing. */
function pageQueries(
  dialect: SqlDialect,
  store: string,
  owner: string,
  query: PlacedPageQuery,
): { readonly page: SqlQuery; readonly count: SqlQuery } | undefined {
  if (query.text !== undefined) return searchSql(dialect, store, owner, query);
  return { page: pageSql(dialect, store, owner, query), count: pageCountSql(dialect, store, owner, query) };
}

async function archiveRows(session: PostgresSession, { text, parameters }: SqlQuery): Promise<readonly ArchiveRow[]> {
  return (await session.query(text, parameters)).map(([id, at, peer, resource, value]) => ({
    id: String(id),
    at: Number(at),
    with: joinWith(String(peer), String(resource)),
    value: String(value),
  }));
}

export async function readRows(
  session: PostgresSession,
  { dialect, tables }: ReadContext,
  store: string,
  query: SelectQuery,
): Promise<readonly Row[]> {
  const shape = tables.get(store);
  assert(shape !== undefined, `table ${store} is declared`);
  const { text, parameters } = selectSql(dialect, shape, query);
  const names = Object.keys(shape.columns);
  return (await session.query(text, parameters)).map((row) =>
    Object.fromEntries(names.map((name, index) => [name, columnOf(row[index])] as const)),
  );
}

function columnOf(value: unknown): string | number {
  return typeof value === "number" ? value : String(value);
}
