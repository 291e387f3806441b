import type { ColumnValue, Condition, PageQuery, SelectQuery, TableShape } from "#kit/storage.ts";
import { orderColumns } from "./declared-shapes.ts";
import { prefixEnd } from "./text-order.ts";

/** Where the two databases write the same query differently. */
export type SqlDialect = {
  /** The name of one of our tables, with its schema. */
  readonly table: (name: string) => string;
  /** The n-th parameter, from 1. */
  readonly parameter: (n: number) => string;
  /** A condition that the column is in the list which is the n-th parameter. */
  readonly isIn: (column: string, n: number, type: "text" | "integer") => string;
  readonly list: (values: readonly ColumnValue[]) => SqlParameter;
  /** The table of archives, to be looked into by id. */
  readonly archiveById: string;
  /** The column in a condition for which its index is not to be used: a planner may think too well of it. */
  readonly unindexed: (column: string) => string;
};

export type SqlParameter = string | number | readonly string[] | readonly number[];
export type SqlQuery = { readonly text: string; readonly parameters: readonly SqlParameter[] };

/** Collects parameters while the text is made. Column names come from declarations, never from outside. */
export class SqlText {
  readonly parameters: SqlParameter[] = [];
  readonly #dialect: SqlDialect;

  constructor(dialect: SqlDialect) {
    this.#dialect = dialect;
  }

  value(value: SqlParameter): string {
    return this.#dialect.parameter(this.parameters.push(value));
  }

  isIn(column: string, values: readonly ColumnValue[], type: "text" | "integer"): string {
    return this.#dialect.isIn(column, this.parameters.push(this.#dialect.list(values)), type);
  }

  /** That a row is of this archive. `byId`: it is looked up by id, rather than among all rows of the owner. */
  isOf(store: string, owner: string, how: "byTime" | "byId"): string[] {
    const column = (name: string): string => (how === "byId" ? this.#dialect.unindexed(name) : name);
    return [`${column("store")} = ${this.value(store)}`, `${column("owner")} = ${this.value(owner)}`];
  }
}

export function selectSql(dialect: SqlDialect, shape: TableShape, query: SelectQuery): SqlQuery {
  const sql = new SqlText(dialect);
  const where = query.where.map((condition) => conditionSql(sql, shape, condition));
  const order = orderColumns(shape, query.orderBy);
  if (query.after !== undefined) {
    const { after } = query;
    const places = order.map((column) => sql.value(after[column] ?? ""));
    where.push(`(${order.map(quoted).join(", ")}) ${query.descending === true ? "<" : ">"} (${places.join(", ")})`);
  }
  const direction = query.descending === true ? " DESC" : "";
  const text =
    `SELECT ${Object.keys(shape.columns).map(quoted).join(", ")} FROM ${dialect.table(`table_${shape.name}`)}` +
    whereSql(where) +
    ` ORDER BY ${order.map((column) => quoted(column) + direction).join(", ")} LIMIT ${sql.value(query.limit)}`;
  return { text, parameters: sql.parameters };
}

export function deleteRowsSql(dialect: SqlDialect, shape: TableShape, where: readonly Condition[]): SqlQuery {
  const sql = new SqlText(dialect);
  const conditions = where.map((condition) => conditionSql(sql, shape, condition));
  const text = `DELETE FROM ${dialect.table(`table_${shape.name}`)}${whereSql(conditions)}`;
  return { text, parameters: sql.parameters };
}

/** The place of an id in the order of an archive. */
export type ArchivePlace = { readonly at: number; readonly id: string };

export type PlacedPageQuery = Omit<PageQuery, "after" | "before"> & {
  readonly after: ArchivePlace | undefined;
  readonly before: ArchivePlace | undefined;
};

/** One row more than asked for, which tells whether the page is the last one. */
export function pageSql(dialect: SqlDialect, store: string, owner: string, query: PlacedPageQuery): SqlQuery {
  const sql = new SqlText(dialect);
  const where = [...archiveFilter(sql, store, owner, query), ...betweenPlaces(sql, query)];
  const direction = query.direction === "backward" ? " DESC" : "";
  const text =
    `SELECT ${rowColumns(query)} FROM ${archiveTable(dialect, query)}${whereSql(where)}` +
    ` ORDER BY at${direction}, id${direction} LIMIT ${sql.value(query.max + 1)}`;
  return { text, parameters: sql.parameters };
}

/** What is read of each row of a page: without its value the index has it all. */
export function rowColumns({ withoutValues = false }: Pick<PageQuery, "withoutValues">, id = "id"): string {
  return `${id}, at, peer, resource, ${withoutValues ? "''" : "value"}`;
}

/** Behind and ahead of the ids that a page starts from. */
export function betweenPlaces(sql: SqlText, { after, before }: PlacedPageQuery, id = "id"): string[] {
  const where: string[] = [];
  if (after !== undefined) where.push(`(at, ${id}) > (${sql.value(after.at)}, ${sql.value(after.id)})`);
  if (before !== undefined) where.push(`(at, ${id}) < (${sql.value(before.at)}, ${sql.value(before.id)})`);
  return where;
}

export function pageCountSql(dialect: SqlDialect, store: string, owner: string, query: PlacedPageQuery): SqlQuery {
  const sql = new SqlText(dialect);
  const where = archiveFilter(sql, store, owner, query);
  return {
    text: `SELECT count(*) AS rows FROM ${archiveTable(dialect, query)}${whereSql(where)}`,
    parameters: sql.parameters,
  };
}

/** Where the ids that a page starts from stand. */
export function placesSql(dialect: SqlDialect, store: string, owner: string, ids: readonly string[]): SqlQuery {
  const sql = new SqlText(dialect);
  const where = [...sql.isOf(store, owner, "byId"), sql.isIn("id", ids, "text")];
  return { text: `SELECT id, at FROM ${dialect.archiveById}${whereSql(where)}`, parameters: sql.parameters };
}

/** Chosen ids are looked up one by one: a planner may take them for a reason to read all rows of the owner. */
function archiveTable(dialect: SqlDialect, { ids }: PlacedPageQuery): string {
  return ids === undefined ? dialect.table("archive") : dialect.archiveById;
}

/**
 * The owners in a store, each found by one step into the index: DISTINCT would read every entry of every owner.
 */
export function ownersSql(
  dialect: SqlDialect,
  kept: "entry" | "archive",
  store: string,
  options: { readonly after?: string; readonly limit: number; readonly domain?: string },
): SqlQuery {
  const sql = new SqlText(dialect);
  const next = (after: string): string =>
    `SELECT min(owner) FROM ${dialect.table(kept)} WHERE store = ${sql.value(store)} AND owner > ${after}`;
  let text =
    `WITH RECURSIVE found(owner) AS (${next(sql.value(options.after ?? ""))} UNION ALL ` +
    `SELECT (${next("found.owner")}) FROM found WHERE found.owner IS NOT NULL) ` +
    `SELECT owner FROM found WHERE owner IS NOT NULL`;
  if (options.domain !== undefined) {
    const suffix = `@${options.domain}`;
    text += ` AND (owner = ${sql.value(options.domain)} OR substr(owner, length(owner) - ${sql.value(Array.from(suffix).length - 1)}) = ${sql.value(suffix)})`;
  }
  text += ` LIMIT ${sql.value(options.limit)}`;
  return { text, parameters: sql.parameters };
}

export function quoted(name: string): string {
  return `"${name}"`;
}

/** A JID as the archive keeps it: its bare part stands by itself, so that a bare JID finds the rows of its resources. */
export function splitWith(jid: string): readonly [peer: string, resource: string] {
  const slash = jid.indexOf("/");
  return slash < 0 ? [jid, ""] : [jid.slice(0, slash), jid.slice(slash + 1)];
}

export function joinWith(peer: string, resource: string): string {
  return resource === "" ? peer : `${peer}/${resource}`;
}

/** What all rows of a query meet, whatever page they are on, their text aside. */
export function archiveFilter(sql: SqlText, store: string, owner: string, query: PlacedPageQuery): string[] {
  const where = [...sql.isOf(store, owner, query.ids === undefined ? "byTime" : "byId"), ...rowFilter(sql, query)];
  if (query.ids !== undefined) where.push(sql.isIn("id", query.ids, "text"));
  return where;
}

/** What is asked of a row of the archive itself. */
export function rowFilter(sql: SqlText, query: PlacedPageQuery): string[] {
  const where: string[] = [];
  if (query.with !== undefined) {
    const [peer, resource] = splitWith(query.with);
    where.push(`peer = ${sql.value(peer)}`);
    if (resource !== "") where.push(`resource = ${sql.value(resource)}`);
  }
  if (query.start !== undefined) where.push(`at >= ${sql.value(query.start)}`);
  if (query.end !== undefined) where.push(`at <= ${sql.value(query.end)}`);
  return where;
}

function conditionSql(sql: SqlText, shape: TableShape, condition: Condition): string {
  const column = quoted(condition.column);
  if (condition.is === "in") return sql.isIn(column, condition.values, shape.columns[condition.column] ?? "text");
  if (condition.is !== "prefix") return `${column} ${condition.is} ${sql.value(condition.value)}`;
  const end = prefixEnd(condition.value);
  const from = `${column} >= ${sql.value(condition.value)}`;
  return end === undefined ? from : `${from} AND ${column} < ${sql.value(end)}`;
}

export function whereSql(conditions: readonly string[]): string {
  return conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
}
