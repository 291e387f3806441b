import type { StoreShape, TableShape, Write } from "#kit/storage.ts";
import { assert, unreachable } from "#protocol/assert.ts";
import type { Failure } from "../backend.ts";
import { emptyValue } from "../declared-shapes.ts";
import { deleteRowsSql, quoted, splitWith } from "../sql-select.ts";
import { integerOf, sqliteDialect, textOf } from "./sqlite-file.ts";
import type { SqliteFile } from "./sqlite-file.ts";
import { sqliteFailure } from "./sqlite-failure.ts";

const setEntry =
  "INSERT INTO entry (owner, store, key, value) VALUES (?1, ?2, ?3, ?4) " +
  "ON CONFLICT (owner, store, key) DO UPDATE SET value = excluded.value";
const deleteEntry = "DELETE FROM entry WHERE owner = ?1 AND store = ?2 AND key = ?3";
const clearEntries = "DELETE FROM entry WHERE owner = ?1 AND store = ?2";
/** Replaces a row with the same id at another time too: both constraints are unique. */
const appendRow =
  "INSERT OR REPLACE INTO archive (store, owner, at, id, peer, resource, value, number) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
/** What was removed may have had the highest number; the index knows it for looked at. */
const lastNumber = "SELECT max((SELECT coalesce(max(number), 0) FROM archive), (SELECT mark FROM text_state))";
const removeRow = "DELETE FROM archive WHERE store = ?1 AND owner = ?2 AND id = ?3";
const truncateBefore = "DELETE FROM archive WHERE store = ?1 AND owner = ?2 AND at < ?3";
const truncateAll = "DELETE FROM archive WHERE store = ?1 AND owner = ?2";
const wipeEntries = "DELETE FROM entry WHERE owner = ?1";

/** Applies groups of commits. Synchronous: it lives in a thread of its own. */
export class SqliteWriter {
  readonly #file: SqliteFile;
  readonly #tables = new Map<string, TableStatements>();
  /** Archives of modules that are switched off too: a wipe leaves nothing behind. */
  #archives: readonly string[] = [];
  /** Numbers of archive rows are given once, also where a transaction fails. */
  #lastNumber: number;

  constructor(file: SqliteFile, shapes: readonly StoreShape[]) {
    this.#file = file;
    this.#lastNumber = integerOf(file.rows(lastNumber)[0]?.[0]);
    this.declare(shapes);
  }

  declare(shapes: readonly StoreShape[]): void {
    for (const shape of shapes) if (shape.shape === "table") this.#tables.set(shape.name, tableStatements(shape));
    const archives = this.#file.rows("SELECT name FROM store_version WHERE shape = 'archive'");
    this.#archives = archives.map(([name]) => textOf(name));
  }

  /** One transaction for all; only where a commit breaks it, once more with a savepoint for each. Throws a common cause. */
  apply(group: readonly (readonly Write[])[]): readonly (Failure | undefined)[] {
    try {
      this.#transaction(() => {
        for (const commit of group) for (const write of commit) this.#write(write);
      });
      return [];
    } catch (error) {
      if (!isOwnFault(sqliteFailure(error))) throw error;
    }
    const failures: (Failure | undefined)[] = [];
    this.#transaction(() => {
      for (const commit of group) failures.push(this.#tryCommit(commit));
    });
    return failures;
  }

  #transaction(work: () => void): void {
    this.#file.run("BEGIN IMMEDIATE");
    try {
      work();
      this.#file.run("COMMIT");
    } catch (error) {
      this.#file.rollBack();
      throw error;
    }
  }

  #tryCommit(commit: readonly Write[]): Failure | undefined {
    this.#file.run("SAVEPOINT one");
    try {
      for (const write of commit) this.#write(write);
      this.#file.run("RELEASE one");
      return undefined;
    } catch (error) {
      const failure = sqliteFailure(error);
      if (!isOwnFault(failure)) throw error;
      this.#file.run("ROLLBACK TO one");
      this.#file.run("RELEASE one");
      return failure;
    }
  }

  #write(write: Write): void {
    const file = this.#file;
    switch (write.op) {
      case "set":
        return file.run(setEntry, [write.owner, write.store, write.key, write.value]);
      case "delete":
        return file.run(deleteEntry, [write.owner, write.store, write.key]);
      case "clear":
        return file.run(clearEntries, [write.owner, write.store]);
      case "append": {
        const [peer, resource] = splitWith(write.with);
        const { store, owner, at, id, value } = write;
        return file.run(appendRow, [store, owner, at, id, peer, resource, value, ++this.#lastNumber]);
      }
      case "remove":
        for (const id of write.ids) file.run(removeRow, [write.store, write.owner, id]);
        return;
      case "truncate":
        if (write.before === undefined) return file.run(truncateAll, [write.store, write.owner]);
        return file.run(truncateBefore, [write.store, write.owner, write.before]);
      case "insert":
      case "upsert": {
        const table = this.#table(write.store);
        const values = table.columns.map(([name, type]) => write.row[name] ?? emptyValue(type));
        return file.run(table[write.op], values);
      }
      case "deleteRows": {
        const { text, parameters } = deleteRowsSql(sqliteDialect, this.#table(write.store).shape, write.where);
        return file.run(text, parameters);
      }
      case "wipe":
        return this.#wipe(write.owner);
      default:
        return unreachable(write);
    }
  }

  #wipe(owner: string): void {
    this.#file.run(wipeEntries, [owner]);
    for (const store of this.#archives) this.#file.run(truncateAll, [store, owner]);
    for (const { wipe } of this.#tables.values()) if (wipe !== undefined) this.#file.run(wipe, [owner]);
  }

  #table(store: string): TableStatements {
    const table = this.#tables.get(store);
    assert(table !== undefined, `table ${store} is declared`);
    return table;
  }
}

type TableStatements = {
  readonly shape: TableShape;
  readonly columns: readonly (readonly [name: string, type: "text" | "integer"])[];
  readonly insert: string;
  readonly upsert: string;
  readonly wipe: string | undefined;
};

function tableStatements(shape: TableShape): TableStatements {
  const columns = Object.entries(shape.columns);
  const table = sqliteDialect.table(`table_${shape.name}`);
  const into =
    `INTO ${table} (${columns.map(([name]) => quoted(name)).join(", ")}) ` +
    `VALUES (${columns.map((_, index) => `?${index + 1}`).join(", ")})`;
  return {
    shape,
    columns,
    insert: `INSERT ${into}`,
    upsert: `INSERT OR REPLACE ${into}`,
    wipe: shape.owner === undefined ? undefined : `DELETE FROM ${table} WHERE ${quoted(shape.owner)} = ?1`,
  };
}

/** Whether the commit itself is to blame rather than the disc. */
function isOwnFault({ kind }: Failure): boolean {
  return kind === "conflict" || kind === "too-large";
}
