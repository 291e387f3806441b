import type { Row, TableShape, Write } from "#kit/storage.ts";
import { assert, unreachable } from "#protocol/assert.ts";
import { emptyValue } from "../declared-shapes.ts";
import { deleteRowsSql, quoted, splitWith } from "../sql-select.ts";
import type { SqlDialect } from "../sql-select.ts";
import type { SqlText } from "./postgres-session.ts";

export type PlanContext = {
  readonly dialect: SqlDialect;
  readonly tables: ReadonlyMap<string, TableShape>;
  /** Archives of modules that are switched off too: a wipe leaves nothing behind. */
  readonly archives: readonly string[];
  /** Archives whose text is searched: what is appended to them waits to be indexed. */
  readonly searchable: ReadonlySet<string>;
};

type Set = Extract<Write, { op: "set" }>;
type Delete = Extract<Write, { op: "delete" }>;
type Append = Extract<Write, { op: "append" }>;

/**
 * The fewest statements that leave what the writes leave when they are done one after the other. Entries, archives and
 * each table are lanes that do not touch one another, so that their writes may change places; within a lane what hits
 * one key is reduced to the last of it, and what hits many keys waits until the lane so far has become statements.
 */
export function planGroup(writes: Iterable<Write>, context: PlanContext): readonly SqlText[] {
  const plan = new GroupPlan(context);
  for (const write of writes) plan.add(write);
  return plan.finish();
}

class GroupPlan {
  readonly #context: PlanContext;
  readonly #statements: SqlText[] = [];
  #entries = new Map<string, Set | Delete>();
  #appends = new Map<string, Append>();
  readonly #rows = new Map<string, { op: "insert" | "upsert"; rows: Row[]; keys: Map<string, number> }>();

  constructor(context: PlanContext) {
    this.#context = context;
  }

  add(write: Write): void {
    const { dialect } = this.#context;
    switch (write.op) {
      case "set":
      case "delete":
        this.#entries.set(`${write.store}\0${write.owner}\0${write.key}`, write);
        return;
      case "clear":
        this.#flushEntries();
        return this.#push(`DELETE FROM ${dialect.table("entry")} WHERE owner = $1 AND store = $2`, [
          write.owner,
          write.store,
        ]);
      case "append":
        this.#appends.set(`${write.store}\0${write.owner}\0${write.id}`, write);
        return;
      case "remove":
        this.#flushAppends();
        for (const table of this.#archiveTables(write.store)) {
          // By id, which leads only the key of the archive; its index by time would be read for all rows of the owner.
          const column = table === "archive" ? dialect.unindexed : (name: string) => name;
          this.#push(
            `DELETE FROM ${dialect.table(table)} ` +
              `WHERE ${column("store")} = $1 AND ${column("owner")} = $2 AND id = ANY ($3::text[])`,
            [write.store, write.owner, write.ids],
          );
        }
        return;
      case "truncate":
        this.#flushAppends();
        return this.#truncate(write.store, write.owner, write.before);
      case "insert":
      case "upsert":
        return this.#addRow(write.op, write.store, write.row);
      case "deleteRows": {
        this.#flushRows(write.store);
        const { text, parameters } = deleteRowsSql(dialect, this.#table(write.store), write.where);
        return this.#push(text, parameters);
      }
      case "wipe":
        return this.#wipe(write.owner);
      default:
        return unreachable(write);
    }
  }

  finish(): readonly SqlText[] {
    this.#flushEntries();
    this.#flushAppends();
    for (const store of this.#rows.keys()) this.#flushRows(store);
    return this.#statements;
  }

  #push(text: string, parameters: SqlText["parameters"]): void {
    this.#statements.push({ text, parameters });
  }

  #flushEntries(): void {
    const sets: Set[] = [];
    const deletes: Delete[] = [];
    for (const write of this.#entries.values()) {
      if (write.op === "set") sets.push(write);
      else deletes.push(write);
    }
    this.#entries = new Map();
    const entry = this.#context.dialect.table("entry");
    if (sets.length > 0) {
      this.#push(
        `INSERT INTO ${entry} (owner, store, key, value) ` +
          "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) " +
          "ON CONFLICT (owner, store, key) DO UPDATE SET value = excluded.value",
        [
          sets.map(({ owner }) => owner),
          sets.map(({ store }) => store),
          sets.map(({ key }) => key),
          sets.map(({ value }) => value),
        ],
      );
    }
    if (deletes.length > 0) {
      this.#push(
        `DELETE FROM ${entry} AS kept USING unnest($1::text[], $2::text[], $3::text[]) AS gone (owner, store, key) ` +
          "WHERE kept.owner = gone.owner AND kept.store = gone.store AND kept.key = gone.key",
        [deletes.map(({ owner }) => owner), deletes.map(({ store }) => store), deletes.map(({ key }) => key)],
      );
    }
  }

  #flushAppends(): void {
    const appends = [...this.#appends.values()];
    if (appends.length === 0) return;
    this.#appends = new Map();
    const withs = appends.map((append) => splitWith(append.with));
    const { dialect, searchable } = this.#context;
    const searched = [...new Set(appends.map(({ store }) => store))].filter((store) => searchable.has(store));
    const insert =
      `INSERT INTO ${dialect.table("archive")} (store, owner, at, id, peer, resource, value) ` +
      "SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[]) " +
      "ON CONFLICT (id, owner, store) DO UPDATE SET " +
      "at = excluded.at, peer = excluded.peer, resource = excluded.resource, value = excluded.value";
    const rows = [
      appends.map(({ store }) => store),
      appends.map(({ owner }) => owner),
      appends.map(({ at }) => at),
      appends.map(({ id }) => id),
      withs.map(([peer]) => peer),
      withs.map(([, resource]) => resource),
      appends.map(({ value }) => value),
    ];
    if (searched.length === 0) return this.#push(insert, rows);
    return this.#push(
      `WITH kept AS (${insert} RETURNING store, owner, id) INSERT INTO ${dialect.table("text_queue")} (store, owner, id) ` +
        "SELECT store, owner, id FROM kept WHERE store = ANY ($8::text[])",
      [...rows, searched],
    );
  }

  #truncate(store: string, owner: string, before: number | undefined): void {
    const { dialect, searchable } = this.#context;
    const archive = dialect.table("archive");
    if (before === undefined) {
      for (const table of this.#archiveTables(store))
        this.#push(`DELETE FROM ${dialect.table(table)} WHERE store = $1 AND owner = $2`, [store, owner]);
      return;
    }
    this.#push(`DELETE FROM ${archive} WHERE store = $1 AND owner = $2 AND at < $3`, [store, owner, before]);
    if (!searchable.has(store)) return;
    this.#push(
      // A limit keeps the planner from joining the two by their owner, which is quadratic in the rows of the owner.
      `DELETE FROM ${dialect.table("archive_text")} AS indexed WHERE store = $1 AND owner = $2 AND (` +
        `SELECT kept.id FROM ${archive} AS kept WHERE kept.id = indexed.id ` +
        `AND ${dialect.unindexed("kept.owner")} = $2 AND ${dialect.unindexed("kept.store")} = $1 LIMIT 1) IS NULL`,
      [store, owner],
    );
  }

  /** Rows first, then what is indexed of them: whoever is indexing them has ended by then. */
  #archiveTables(store: string): readonly string[] {
    return this.#context.searchable.has(store) ? ["archive", "archive_text"] : ["archive"];
  }

  /** Upserts of one key are reduced to the last; inserts are not, as the second of them is a conflict. */
  #addRow(op: "insert" | "upsert", store: string, row: Row): void {
    const known = this.#rows.get(store);
    if (known !== undefined && known.op !== op) this.#flushRows(store);
    const batch = this.#rows.get(store) ?? { op, rows: [], keys: new Map<string, number>() };
    this.#rows.set(store, batch);
    const key = JSON.stringify(this.#table(store).key.map((column) => row[column]));
    const place = batch.keys.get(key);
    if (op === "upsert" && place !== undefined) batch.rows[place] = row;
    else batch.keys.set(key, batch.rows.push(row) - 1);
  }

  #flushRows(store: string): void {
    const batch = this.#rows.get(store);
    if (batch === undefined) return;
    this.#rows.delete(store);
    const shape = this.#table(store);
    const columns = Object.entries(shape.columns);
    const arrays = columns.map(([, type], index) => `$${index + 1}::${type === "text" ? "text" : "bigint"}[]`);
    const insert =
      `INSERT INTO ${this.#context.dialect.table(`table_${store}`)} (${columns.map(([name]) => quoted(name)).join(", ")}) ` +
      `SELECT * FROM unnest(${arrays.join(", ")})`;
    this.#push(
      batch.op === "insert" ? insert : insert + replacing(shape),
      columns.map(([name, type]) => batch.rows.map((row) => String(row[name] ?? emptyValue(type)))),
    );
  }

  #wipe(owner: string): void {
    const { dialect, archives, searchable, tables } = this.#context;
    this.finish();
    this.#push(`DELETE FROM ${dialect.table("entry")} WHERE owner = $1`, [owner]);
    this.#push(`DELETE FROM ${dialect.table("archive")} WHERE store = ANY ($1::text[]) AND owner = $2`, [
      archives,
      owner,
    ]);
    if (searchable.size > 0) this.#push(`DELETE FROM ${dialect.table("archive_text")} WHERE owner = $1`, [owner]);
    for (const shape of tables.values()) {
      if (shape.owner === undefined) continue;
      this.#push(`DELETE FROM ${dialect.table(`table_${shape.name}`)} WHERE ${quoted(shape.owner)} = $1`, [owner]);
    }
  }

  #table(store: string): TableShape {
    const shape = this.#context.tables.get(store);
    assert(shape !== undefined, `table ${store} is declared`);
    return shape;
  }
}

function replacing(shape: TableShape): string {
  const others = Object.keys(shape.columns).filter((column) => !shape.key.includes(column));
  const action =
    others.length === 0
      ? "NOTHING"
      : `UPDATE SET ${others.map((column) => `${quoted(column)} = excluded.${quoted(column)}`).join(", ")}`;
  return ` ON CONFLICT (${shape.key.map(quoted).join(", ")}) DO ${action}`;
}
