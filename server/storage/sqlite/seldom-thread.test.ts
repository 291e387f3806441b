import { deepEqual, equal, rejects } from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Worker } from "node:worker_threads";
import type { Store } from "#kit/storage.ts";
import { contractShapes } from "#testing/contract/storage-fixtures.ts";
import { openSqliteStore } from "./sqlite-store.ts";
import type { SpawnThread } from "./sqlite-thread.ts";

const folder = mkdtempSync(join(tmpdir(), "balcony-seldom-"));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

/** A store whose threads are seen: all that were ever started, and the ends of those. */
async function watchedStore(searcherRestMs: number, threadsMax = Infinity) {
  const threads: Worker[] = [];
  const ends: Promise<unknown>[] = [];
  const spawn: SpawnThread = (program, options) => {
    if (threads.length >= threadsMax) throw new Error("EMFILE: too many open files");
    const worker = new Worker(program, options);
    threads.push(worker);
    ends.push(once(worker, "exit"));
    return worker;
  };
  const store = await openSqliteStore({ path: join(folder, `s${files++}.sqlite`), spawn, searcherRestMs });
  await store.declare(contractShapes);
  return { store, threads, ends };
}

const search = (store: Store): Promise<unknown> => store.select("global", { where: [], limit: 1 });
const row = { name: "n", n: 1 };

test("nobody searches, and no thread is there for it; look-ups start none", async () => {
  const { store, threads } = await watchedStore(60_000);
  await using _open = store;
  await store.commit([{ op: "set", store: "roster", owner: "a@b", key: "k", value: "v" }]);
  await store.load("a@b");
  equal(threads.length, 2);
  await Promise.all([search(store), search(store)]);
  await search(store);
  equal(threads.length, 3);
});

test("a thread that searches leaves, and another comes that knows the tables and all that was written", async () => {
  const { store, threads, ends } = await watchedStore(1);
  await using _open = store;
  await store.commit([{ op: "insert", store: "global", row }]);
  for (const count of [3, 4]) {
    deepEqual(await search(store), [row]);
    equal(threads.length, count);
    await ends[count - 1];
    equal(store.health.state, "ok", "who rests is not down");
  }
  deepEqual(await search(store), [row]);
});

test("a store that is closed while somebody searches leaves no thread behind, and nobody searches it any more", async () => {
  const { store, ends } = await watchedStore(60_000);
  const searching = search(store).catch(() => {});
  await store[Symbol.asyncDispose]();
  await searching;
  await Promise.all(ends);
  await rejects(search(store));
});

test("where no thread can be started the one that looks up searches, and nothing fails", async () => {
  const { store, threads } = await watchedStore(1, 2);
  await using _open = store;
  await store.commit([{ op: "insert", store: "global", row }]);
  deepEqual(await Promise.all([search(store), search(store)]), [[row], [row]]);
  deepEqual(await search(store), [row]);
  deepEqual([threads.length, store.health.state, store.health.failures], [2, "ok", 0]);
});

test("a thread that dies while it searches fails that search alone", async () => {
  const { store, threads } = await watchedStore(60_000);
  await using _open = store;
  await search(store);
  await threads[2]?.terminate();
  await rejects(search(store), { kind: "unavailable" });
  equal(store.health.state === "down", false);
  await store.load("a@b");
  while ((await search(store).catch(() => undefined)) === undefined)
    await new Promise((resolve) => setTimeout(resolve, 10));
});
