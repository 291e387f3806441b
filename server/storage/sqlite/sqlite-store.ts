import { accessSync, constants, existsSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { StoreError } from "#kit/storage.ts";
import type { BackupProgress, Store, StoreShape, TableShape, TextIndexHealth, Write } from "#kit/storage.ts";
import { assert } from "#protocol/assert.ts";
import type { Backend, Failure, Outcome, Read } from "../backend.ts";
import { QueuedStore } from "../queued-store.ts";
import type { QueueOptions } from "../queued-store.ts";
import { bringUpToDate } from "../schema-session.ts";
import { TextIndexing } from "../text-indexing.ts";
import { lockSqliteFile, SqliteFile } from "./sqlite-file.ts";
import type { SqliteFileOptions } from "./sqlite-file.ts";
import { sqliteError } from "./sqlite-failure.ts";
import { sqliteSchemaSession } from "./sqlite-schema.ts";
import { SeldomThread } from "./seldom-thread.ts";
import { SqliteThread } from "./sqlite-thread.ts";
import type { SpawnThread } from "./sqlite-thread.ts";

export type SqliteStoreOptions = QueueOptions & {
  /** The database file; it is made if it is missing. `-wal`, `-shm` and `-lock` files stand beside it. */
  readonly path: string;
  /** Threads that read. With two or more, look-ups do not wait behind searches; these threads come and go. */
  readonly readers?: number;
  /** How long those that search stay when nobody searches. */
  readonly searcherRestMs?: number;
  readonly writerCacheKiBMax?: number;
  readonly readerCacheKiBMax?: number;
  /** Refuse to grow beyond this many pages of 4 KiB. */
  readonly pagesMax?: number;
  /** How threads are made; a test looks in here. */
  readonly spawn?: SpawnThread;
};

/** How long a thread that searches stays when nobody searches, in milliseconds. */
const searcherRestMs = 30_000;

/**
 * Opens the embedded database. Rejects with a StoreError whose message an administrator can act upon: `locked`,
 * `corrupt`, `newer-version`, `read-only`, `unavailable`.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { path } = options;
  const writerFile = { path, cacheKiBMax: options.writerCacheKiBMax ?? 16 * 1024, pagesMax: options.pagesMax };
  const readerFile = { path, cacheKiBMax: options.readerCacheKiBMax ?? 2 * 1024 };
  await using opening = new AsyncDisposableStack();
  try {
    checkWritable(path);
    opening.use(lockSqliteFile(path));
    {
      using file = new SqliteFile(writerFile, "write");
      file.checkLayout(path);
    }
    const backend = new SqliteBackend(writerFile, readerFile, options);
    opening.defer(() => backend.closeThreads());
    await backend.open();
    backend.held = opening.move();
    return new QueuedStore(backend, options);
  } catch (error) {
    const { kind, message } = sqliteError(error);
    throw new StoreError(kind, message.includes(path) ? message : `cannot open ${path}: ${message}`, { cause: error });
  }
}

/**
 * SQLite opens what it may not write to all the same, for reading, makes the files beside it as unwritable as it is, and
 * fails at the first commit.
 */
function checkWritable(path: string): void {
  for (const file of [dirname(path), path, `${path}-wal`, `${path}-shm`, `${path}-lock`]) {
    if (!existsSync(file)) continue;
    try {
      accessSync(file, constants.W_OK);
    } catch (cause) {
      const onReadOnlyDisc = cause instanceof Error && "code" in cause && cause.code === "EROFS";
      const why = onReadOnlyDisc ? "is on a disc that is mounted read-only" : "may not be written to by this user";
      throw new StoreError("read-only", `cannot open ${path}: ${file} ${why}`, { cause });
    }
  }
}

class SqliteBackend implements Backend {
  readonly #writerFile: SqliteFileOptions;
  readonly #readerFile: SqliteFileOptions;
  readonly #spawn: SpawnThread | undefined;
  readonly #writer: SqliteThread;
  readonly #reader: SqliteThread;
  readonly #searchers: readonly SeldomThread[];
  readonly #indexing: TextIndexing;
  /** Archives whose text can be searched. */
  readonly #searchable = new Set<string>();
  held: AsyncDisposable | undefined;

  constructor(
    writerFile: SqliteFileOptions,
    readerFile: SqliteFileOptions,
    {
      readers = 2,
      searcherRestMs: restMs = searcherRestMs,
      spawn,
      watch,
    }: Pick<SqliteStoreOptions, "readers" | "searcherRestMs" | "spawn" | "watch">,
  ) {
    assert(readers >= 1, "somebody must read");
    this.#writerFile = writerFile;
    this.#readerFile = readerFile;
    this.#spawn = spawn;
    this.#writer = new SqliteThread({ role: "writer", file: writerFile, tables: [] }, spawn);
    this.#reader = this.#newReader();
    const searching = { role: "reader", file: readerFile, tables: [] } as const;
    const seldom = { spawn, restMs, instead: this.#reader };
    this.#searchers = Array.from({ length: readers - 1 }, () => new SeldomThread(searching, seldom));
    this.#indexing = new TextIndexing({
      step: async () => {
        const reply = await this.#writer.ask({ ask: "index" });
        assert(reply.answer === "indexed", "a step is answered as such");
        return reply.step;
      },
      rebuild: async () => void (await this.#writer.ask({ ask: "rebuildIndex" })),
      restShare: 1,
      watch,
    });
  }

  async open(): Promise<void> {
    await Promise.all([this.#writer.open(), this.#reader.open()]);
  }

  readonly apply = async (group: readonly (readonly Write[])[]): Promise<readonly (Failure | undefined)[]> => {
    const reply = await this.#writer.ask({ ask: "apply", group });
    assert(reply.answer === "applied", "an apply is answered as such");
    if (group.some((commit) => commit.some((write) => this.#changesText(write)))) this.#indexing.changed();
    return reply.failures;
  };

  /** Look-ups go to the reader and searches to the searchers, so that a long search stalls nobody's waking up. */
  readonly read = (requests: readonly Read[], answered: (index: number, outcome: Outcome) => void): void => {
    const [first] = this.#searchers;
    const searcher = this.#searchers.reduce<SqliteThread | SeldomThread>(
      (best, next) => (next.asksPending < best.asksPending ? next : best),
      first ?? this.#reader,
    );
    const lookups: number[] = [];
    const searches: number[] = [];
    for (const [index, { read }] of requests.entries()) {
      (searcher === this.#reader || read === "load" || read === "get" ? lookups : searches).push(index);
    }
    sendReads(this.#reader, requests, lookups, answered);
    sendReads(searcher, requests, searches, (index, outcome) =>
      answered(index, this.#searched(requests[index], outcome)),
    );
  };

  /** On this thread, with a connection of its own: the functions of a migration cannot travel to another. */
  readonly declare = async (shapes: readonly StoreShape[]): Promise<void> => {
    try {
      using file = new SqliteFile(this.#writerFile, "write");
      file.run("BEGIN IMMEDIATE");
      await bringUpToDate(sqliteSchemaSession(file), shapes);
      file.run("COMMIT");
    } catch (error) {
      throw sqliteError(error);
    }
    const tables = shapes.filter((shape): shape is TableShape => shape.shape === "table");
    await Promise.all([this.#writer, this.#reader, ...this.#searchers].map((thread) => thread.declare(tables)));
    for (const shape of shapes)
      if (shape.shape === "archive" && shape.searchable !== undefined) this.#searchable.add(shape.name);
    if (this.#searchable.size > 0) this.#indexing.changed();
  };

  /** A thread for the time of the copy: the readers go on reading. */
  readonly backup = async (path: string, progress: BackupProgress): Promise<void> => {
    if (existsSync(path)) throw new StoreError("conflict", `${path} exists`);
    const partial = `${path}.partial`;
    const thread = this.#newReader();
    try {
      await thread.open();
      await thread.ask({ ask: "backup", path: partial }, progress);
      renameSync(partial, path);
      progress(1);
    } finally {
      await thread.close();
      rmSync(partial, { force: true });
    }
  };

  readonly textIndex = (): TextIndexHealth => this.#indexing.health;

  readonly isDown = (): boolean =>
    [this.#writer, this.#reader, ...this.#awake()].every((thread: SqliteThread | SeldomThread) => thread.isDown);

  readonly probe = async (): Promise<void> => {
    const threads: readonly (SqliteThread | SeldomThread)[] = [this.#writer, this.#reader, ...this.#awake()];
    await Promise.all(threads.map((thread) => thread.ask({ ask: "probe" })));
  };

  readonly onBroken = (tell: (failure: Failure) => void): void => {
    for (const thread of [this.#writer, this.#reader, ...this.#searchers]) thread.onDeath = tell;
  };

  readonly close = async (): Promise<void> => {
    await this.held?.[Symbol.asyncDispose]();
  };

  /** The writer last: it then moves what is in the write-ahead log into the database. */
  async closeThreads(): Promise<void> {
    await this.#indexing.close();
    await Promise.all([this.#reader, ...this.#searchers].map((thread) => thread.close()));
    await this.#writer.close();
  }

  #changesText(write: Write): boolean {
    if (write.op === "wipe") return this.#searchable.size > 0;
    return (
      (write.op === "append" || write.op === "remove" || write.op === "truncate") && this.#searchable.has(write.store)
    );
  }

  /** A damaged index is nothing but the concern of who searches: it is made anew, and all else goes on. */
  #searched(request: Read | undefined, outcome: Outcome): Outcome {
    if (request?.read !== "page" || request.query.text === undefined) return outcome;
    if (outcome.ok || outcome.failure.kind !== "corrupt") return outcome;
    this.#indexing.damaged(new StoreError("corrupt", outcome.failure.message));
    return { ok: false, failure: { kind: "too-busy", message: "the index of texts is being made anew" } };
  }

  #awake(): readonly SeldomThread[] {
    return this.#searchers.filter((thread) => !thread.isResting);
  }

  #newReader(): SqliteThread {
    return new SqliteThread({ role: "reader", file: this.#readerFile, tables: [] }, this.#spawn);
  }
}

/** Sends the reads of these places as one message. */
function sendReads(
  thread: Pick<SqliteThread, "ask">,
  requests: readonly Read[],
  places: readonly number[],
  answered: (index: number, outcome: Outcome) => void,
): void {
  if (places.length === 0) return;
  const chosen = places.map((index) => requests[index]).filter((request) => request !== undefined);
  thread.ask({ ask: "read", requests: chosen }).then(
    (reply) => {
      assert(reply.answer === "read", "reads are answered as such");
      for (const [at, index] of places.entries()) {
        const outcome = reply.outcomes[at];
        assert(outcome !== undefined, "every read is answered");
        answered(index, outcome);
      }
    },
    (error: unknown) => {
      const failure = error instanceof StoreError ? error : new StoreError("unavailable", String(error));
      for (const index of places)
        answered(index, { ok: false, failure: { kind: failure.kind, message: failure.message } });
    },
  );
}
