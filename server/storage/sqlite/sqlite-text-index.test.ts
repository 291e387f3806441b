import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Store } from "#kit/storage.ts";
import { contractShapes, failsWith, romeo, said, summary } from "#testing/contract/storage-fixtures.ts";
import { indexed } from "#testing/contract/storage-search.ts";
import type { StoreWatch } from "../store-trouble.ts";
import { SqliteFile } from "./sqlite-file.ts";
import { openSqliteStore } from "./sqlite-store.ts";
import { SqliteTextIndex } from "./sqlite-text-index.ts";
import type { SpawnThread } from "./sqlite-thread.ts";
import type { ToThread } from "./thread-messages.ts";

const folder = mkdtempSync(join(tmpdir(), "balcony-text-index-"));
after(() => rmSync(folder, { recursive: true }));
const childProgram = fileURLToPath(import.meta.resolve("#testing/contract/text-index-crash-child.ts"));
let files = 0;
const newPath = (): string => join(folder, `${++files}.sqlite`);

const find = async (store: Store, text: string): Promise<string> =>
  summary(await store.page("messages", romeo, { max: 3, direction: "forward", text }));

/** Writes down what it is told. */
function watching(): { readonly watch: StoreWatch; readonly told: string[] } {
  const told: string[] = [];
  const watch = {
    failed: ({ kind }: { readonly kind: string }) => void told.push(`store ${kind}`),
    recovered: () => {},
    indexing: ({ waiting }: { readonly waiting: number }) => void told.push(waiting === 0 ? "done" : "indexing"),
    indexFailed: ({ kind }: { readonly kind: string }) => void told.push(`index ${kind}`),
    indexRebuilt: () => void told.push("rebuilt"),
  };
  return { watch, told };
}

async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await pause(20)) if (await isSo()) return;
  throw new Error(`waited in vain until ${what}`);
}

/** The tables of a database from before there was an index of texts. */
const firstLayout = `
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
PRAGMA application_id = 1111575619;
PRAGMA user_version = 1;
INSERT INTO store_version VALUES ('messages', 'archive', 1);
`;

test("a database from before there was an index is indexed in the background, and is told how far it is", async () => {
  const path = newPath();
  const rows = 12_000;
  {
    using old = new DatabaseSync(path);
    old.exec(`${firstLayout} BEGIN`);
    const insert = old.prepare(
      "INSERT INTO archive (store, owner, at, id, peer, resource, value) VALUES ('messages', ?, ?, ?, 'x@y', '', ?)",
    );
    for (let n = 0; n < rows; n++)
      insert.run(romeo, n, `id${n}`, `<message><body>old message number${n}</body></message>`);
    old.exec("COMMIT");
  }
  const { watch, told } = watching();
  await using store = await openSqliteStore({ path, watch });
  await store.declare(contractShapes);
  await store.commit([said(romeo, "new", rows, "a new message")]);
  equal(summary(await store.page("messages", romeo, { max: 1, direction: "forward" })), "id0 more");
  await until(
    async () => (await find(store, `number${rows - 1}`)) === `id${rows - 1} complete`,
    "the last old row is found",
  );
  await indexed(store);
  deepEqual([await find(store, "number0"), await find(store, "new")], ["id0 complete", "new complete"]);
  // A slow machine is told now and then how far it is.
  equal(told.at(-1), "done");
  deepEqual([...new Set(told)], ["indexing", "done"]);
  ok(store.health.textIndex.rowsIndexed > rows);
});

test("commits that come without end neither wait for the index nor leave it standing; when they cease all is found", async () => {
  const asked: string[] = [];
  const spawnWatched: SpawnThread = (program, options) => {
    const worker = new Worker(program, options);
    const post = worker.postMessage.bind(worker);
    worker.postMessage = (message: ToThread): void => {
      if (message.ask === "apply" || message.ask === "index") asked.push(message.ask);
      post(message);
    };
    return worker;
  };
  await using store = await openSqliteStore({ path: newPath(), spawn: spawnWatched });
  await store.declare(contractShapes);
  const stepsWanted = 10;
  const steps = (): number => asked.filter((ask) => ask === "index").length;
  let rows = 0;
  const withoutEnd = async (): Promise<void> => {
    // So many senders that the writer always has something to do.
    for (const end = Date.now() + 60_000; steps() < stepsWanted && Date.now() < end;) {
      const commit = Array.from({ length: 50 }, () => {
        rows += 1;
        return said(romeo, `id${rows}`, rows, `number${rows} is one of many that come without end`);
      });
      await store.commit(commit);
    }
  };
  await Promise.all(Array.from({ length: 4 }, withoutEnd));
  equal(steps(), stepsWanted, "the index is worked at all the while");
  ok(store.health.textIndex.rowsIndexed > 0);
  // While it is far behind it asks again as soon as it may: there is always a group of commits between.
  const twice = asked.findIndex((ask, at) => ask === "index" && asked[at + 1] === "index");
  equal(twice, -1, asked.join(" "));
  ok(rows > store.health.textIndex.rowsIndexed, "it has fallen behind");
  await indexed(store);
  ok(store.health.textIndex.rowsIndexed >= rows);
  for (const row of [1, Math.ceil(rows / 2), rows]) equal(await find(store, `number${row}`), `id${row} complete`);
});

test("a step indexes what it has time for, whatever waits, and goes on where it stopped", async () => {
  const path = newPath();
  const rows = 100;
  {
    await using store = await openSqliteStore({ path });
    await store.declare(contractShapes);
    await store.commit(Array.from({ length: rows }, (_, n) => said(romeo, `id${n}`, n, `number${n}`)));
  }
  using file = new SqliteFile({ path, cacheKiBMax: 1_000 }, "write");
  const index = new SqliteTextIndex(file);
  // A row takes a millisecond.
  let now = 0;
  const steps: number[] = [];
  for (let waiting = rows; waiting > 0;) {
    const step = index.step(() => now++);
    ok(step.indexed > 0 && step.indexed <= 12, `${step.indexed} rows`);
    equal(step.waiting, waiting - step.indexed);
    ({ waiting } = step);
    steps.push(step.indexed);
  }
  equal(
    steps.reduce((sum, indexedThen) => sum + indexedThen, 0),
    rows,
  );
});

test("a step that cannot even begin leaves the connection flushing the log at every commit", async () => {
  const path = newPath();
  {
    await using store = await openSqliteStore({ path });
    await store.declare(contractShapes);
  }
  using file = new SqliteFile({ path, cacheKiBMax: 1_000 }, "write");
  const index = new SqliteTextIndex(file);
  file.run("PRAGMA busy_timeout = 0");
  using other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  throws(() => index.step(() => 0), /locked/);
  const full = 2;
  deepEqual(file.rows("PRAGMA synchronous"), [[full]]);
  other.exec("ROLLBACK");
  equal(index.step(() => 0).waiting, 0);
  deepEqual(file.rows("PRAGMA synchronous"), [[full]]);
});

test("kill -9 while rows are indexed loses none of them", async () => {
  const path = newPath();
  const child = spawn(process.execPath, [childProgram, path], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  await using store = await openSqliteStore({ path });
  await store.declare(contractShapes);
  await indexed(store);
  const all = await store.page("messages", romeo, { max: 0, direction: "forward", countRows: true });
  const found = await store.page("messages", romeo, { max: 0, direction: "forward", countRows: true, text: "word" });
  ok(all.found && found.found && (all.count ?? 0) >= 200);
  equal(found.count, all.count);
});

test("a damaged index is made anew, and all else goes on", async () => {
  const path = newPath();
  const damage = async (work: (database: DatabaseSync) => void): Promise<void> => {
    using database = new DatabaseSync(path, { defensive: false });
    work(database);
  };
  {
    await using store = await openSqliteStore({ path });
    await store.declare(contractShapes);
    await store.commit(Array.from({ length: 500 }, (_, n) => said(romeo, `id${n}`, n, `word number${n}`)));
    await indexed(store);
  }
  await damage((database) => database.exec("UPDATE text_data SET block = x'ffffffffffff' WHERE id > 10"));
  const { watch, told } = watching();
  await using store = await openSqliteStore({ path, watch });
  await store.declare(contractShapes);
  await rejects(find(store, "number7"), failsWith("too-busy"));
  await store.commit([said(romeo, "more", 900, "word more")]);
  await until(async () => (await find(store, "number7").catch(() => "")) === "id7 complete", "it is found again");
  await indexed(store);
  equal(await find(store, "more"), "more complete");
  deepEqual(told, ["rebuilt"]);
  equal(store.health.state, "ok");
});

test("a disc that is too full for the index stops no messages; once there is room, it catches up", async () => {
  const path = newPath();
  const { watch, told } = watching();
  const filler = "x".repeat(3_000);
  {
    await using store = await openSqliteStore({ path });
    await store.declare(contractShapes);
    await store.commit([{ op: "set", store: "profile", owner: romeo, key: "", value: filler }]);
    // Closed before any of it is indexed: each word is another one, so that the index needs much room.
    const text = (n: number): string => Array.from({ length: 200 }, (_, k) => `w${n}x${k}`).join(" ");
    await store.commit(Array.from({ length: 100 }, (_, n) => said(romeo, `id${n}`, n, text(n))));
  }
  const pages = ((): number => {
    using database = new DatabaseSync(path);
    const row = database.prepare("PRAGMA page_count").get();
    return Number(row?.["page_count"]);
  })();
  {
    await using store = await openSqliteStore({ path, pagesMax: pages + 2, watch });
    await store.declare(contractShapes);
    await until(() => store.health.textIndex.state === "failing", "the index cannot be written");
    await store.commit([{ op: "set", store: "profile", owner: romeo, key: "", value: filler.replaceAll("x", "y") }]);
    equal(await store.get("profile", romeo, ""), filler.replaceAll("x", "y"));
    deepEqual([store.health.state, store.health.textIndex.lastError?.kind], ["ok", "full"]);
    deepEqual(told, ["index full"]);
  }
  await using store = await openSqliteStore({ path });
  await store.declare(contractShapes);
  await indexed(store);
  equal(await find(store, "w99x199"), "id99 complete");
});
