import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import { StoreError } from "#kit/storage.ts";
import { assert } from "#protocol/assert.ts";
import type { SqlDialect, SqlParameter } from "../sql-select.ts";
import { sqliteFailure } from "./sqlite-failure.ts";
import { textLayout } from "./text-layout.ts";

/** "BALC": says in the file's header whose database it is. */
const applicationId = 0x42414c43;
/** The version of the tables below; stores have their own. */
const layoutVersion = 2;

/**
 * Entries are clustered by owner, so that one range holds all that an owner wakes with.
 *
 * Archive rows lie in the order of their arrival, at the end of the file; so do ids that grow with time. What is left to
 * chance is one place in one index for a row: every page that a commit touches is written whole, and indexes are what
 * archives cost (a second one halves the messages per second). That index holds all that a page may be filtered by,
 * and a filter reads it alone. `peer` is the bare JID of the other side. `number` only ever grows, which the index of
 * what can be searched relies on (text-layout.ts).
 */
const layout = `
CREATE TABLE store_version (name TEXT PRIMARY KEY, shape TEXT NOT NULL, version INTEGER NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE entry (
  owner TEXT NOT NULL, store TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (owner, store, key)
) WITHOUT ROWID, STRICT;
CREATE INDEX entry_by_store ON entry (store, owner);
CREATE TABLE archive (
  number INTEGER PRIMARY KEY,
  store TEXT NOT NULL, owner TEXT NOT NULL, at INTEGER NOT NULL, id TEXT NOT NULL,
  peer TEXT NOT NULL, resource TEXT NOT NULL, value TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX archive_by_id ON archive (id, owner, store);
CREATE INDEX archive_by_time ON archive (store, owner, at, id, peer, resource);
PRAGMA application_id = ${applicationId};
`;

/** Version → what makes its tables of those of the version before. */
const layoutSteps: Readonly<Record<number, string>> = { 1: layout, 2: textLayout };

export type SqliteFileOptions = {
  readonly path: string;
  /** Page cache of each connection. */
  readonly cacheKiBMax: number;
  /** The database does not grow beyond this many pages of 4 KiB; commits then fail as on a full disc. */
  readonly pagesMax?: number | undefined;
};

/** How long a connection waits for another one's lock. Ours do not block one another in WAL mode; a checkpoint may. */
const busyMsMax = 5_000;
/** Pages in the write-ahead log before they are moved into the database. */
const checkpointPages = 4_000;
const journalBytesMax = 64 * 1024 * 1024;
const statementsMax = 200;

/** One connection with its prepared statements. Throws SQLite's errors; see sqlite-failure.ts. */
export class SqliteFile implements Disposable {
  readonly #database: DatabaseSync;
  readonly #access: "write" | "read";
  readonly #statements = new Map<string, StatementSync>();
  #executions = 0;

  constructor(options: SqliteFileOptions, access: "write" | "read") {
    this.#access = access;
    this.#database = new DatabaseSync(options.path, { readOnly: access === "read", timeout: busyMsMax });
    try {
      this.run(`PRAGMA cache_size = -${options.cacheKiBMax}`);
      if (access === "write") this.#prepareToWrite(options.pagesMax);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** Creates our tables in an empty file and refuses what is not ours. */
  checkLayout(path: string): void {
    const [empty] = this.rows("SELECT count(*) = 0 FROM sqlite_schema");
    const isNew = empty?.[0] === 1;
    if (!isNew && this.#pragma("application_id") !== applicationId) {
      throw new StoreError("corrupt", `${path} is an SQLite database, but not one of this server`);
    }
    const version = isNew ? 0 : this.#pragma("user_version");
    if (version > layoutVersion) {
      throw new StoreError("newer-version", `${path} was written by a newer version of this server`);
    }
    if (version === layoutVersion) return;
    const steps = Object.entries(layoutSteps).filter(([to]) => Number(to) > version);
    const text = steps.map(([, step]) => step).join("");
    this.#database.exec(`BEGIN IMMEDIATE;${text}PRAGMA user_version = ${layoutVersion};COMMIT;`);
  }

  /** Text is bound as it is: whatever varies is a parameter, so that statements are prepared once. */
  run(text: string, parameters: readonly SqlParameter[] = []): void {
    this.#executions++;
    // Not `run`, which throws where the last row's number is beyond JavaScript's, as those of indexes of texts are.
    this.#statement(text).all(...parameters.map(bindable));
  }

  rows(text: string, parameters: readonly SqlParameter[] = []): readonly (readonly unknown[])[] {
    this.#executions++;
    const rows: readonly unknown[] = this.#statement(text).all(...parameters.map(bindable));
    assert(rows.length === 0 || Array.isArray(rows[0]), "the statement returns arrays");
    // node:sqlite types rows as objects, whatever setReturnArrays says.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- checked above; columns are narrowed by their readers
    return rows as readonly (readonly unknown[])[];
  }

  /** The statements that were executed: what the tests count. */
  get executions(): number {
    return this.#executions;
  }

  /** Writes, where it may write, the version that is there already, which goes the way of every commit; else reads it. */
  probe(): void {
    const version = this.#pragma("user_version");
    if (this.#access === "write") this.run(`PRAGMA user_version = ${version}`);
  }

  /** Gives back what is cached of the database, which the system's own cache has as well. */
  forgetPages(): void {
    if (this.#database.isOpen) this.run("PRAGMA shrink_memory");
  }

  get database(): DatabaseSync {
    return this.#database;
  }

  /** Ends a transaction that failed; SQLite has ended it by itself after some errors. */
  rollBack(): void {
    if (this.#database.isTransaction) this.run("ROLLBACK");
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #prepareToWrite(pagesMax: number | undefined): void {
    const [mode] = this.rows("PRAGMA journal_mode = WAL");
    if (mode?.[0] !== "wal") throw new StoreError("unavailable", "the file system cannot hold a write-ahead log");
    this.run("PRAGMA synchronous = FULL");
    // A row that is replaced is deleted too, and its triggers are to know.
    this.run("PRAGMA recursive_triggers = ON");
    this.run(`PRAGMA wal_autocheckpoint = ${checkpointPages}`);
    this.run(`PRAGMA journal_size_limit = ${journalBytesMax}`);
    if (pagesMax !== undefined) this.run(`PRAGMA max_page_count = ${pagesMax}`);
  }

  #pragma(name: string): number {
    return Number(this.rows(`PRAGMA ${name}`)[0]?.[0]);
  }

  #statement(text: string): StatementSync {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const oldest = this.#statements.keys().next();
    if (this.#statements.size >= statementsMax && oldest.done !== true) this.#statements.delete(oldest.value);
    const statement = this.#database.prepare(text);
    statement.setReturnArrays(true);
    this.#statements.set(text, statement);
    return statement;
  }
}

/**
 * Holds the file for this process until it is disposed. The lock is the operating system's, on a file beside the
 * database, so that it ends with the process however that ends.
 */
export function lockSqliteFile(path: string): Disposable {
  const lock = new DatabaseSync(`${path}-lock`);
  try {
    lock.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if (sqliteFailure(error).kind !== "unavailable") throw error;
    throw new StoreError("locked", `another server works on ${path}`, { cause: error });
  }
  return { [Symbol.dispose]: () => lock.close() };
}

export const sqliteDialect: SqlDialect = {
  table: (name) => `"${name}"`,
  parameter: (n) => `?${n}`,
  isIn: (column, n) => `${column} IN (SELECT value FROM json_each(?${n}))`,
  list: (values) => JSON.stringify(values),
  archiveById: `"archive" INDEXED BY archive_by_id`,
  // The index is already named.
  unindexed: (column) => column,
};

export function textOf(value: unknown): string {
  assert(typeof value === "string", "the column is text");
  return value;
}

export function integerOf(value: unknown): number {
  assert(typeof value === "number", "the column is an integer");
  return value;
}

function bindable(value: SqlParameter): string | number {
  assert(typeof value !== "object", "lists are bound as JSON");
  return value;
}
