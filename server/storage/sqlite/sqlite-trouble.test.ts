import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { StoreError } from "#kit/storage.ts";
import type { Store, Write } from "#kit/storage.ts";
import { contractShapes } from "#testing/contract/storage-fixtures.ts";
import { sqliteFailure } from "./sqlite-failure.ts";
import { openSqliteStore } from "./sqlite-store.ts";
import type { SpawnThread } from "./sqlite-thread.ts";

const folder = mkdtempSync(join(tmpdir(), "balcony-trouble-"));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
const newPath = (): string => join(folder, `${++files}.sqlite`);

const set = (key: string, value: string): readonly Write[] => [
  { op: "set", store: "roster", owner: "a@b", key, value },
];

async function filled(path: string): Promise<void> {
  await using store = await openSqliteStore({ path });
  await store.declare(contractShapes);
  for (let n = 0; n < 20; n++) await store.commit(set(`k${n}`, "x".repeat(2_000)));
}

const unusable: readonly {
  readonly name: string;
  readonly make: (path: string) => void | Promise<void>;
  readonly kind: string;
  readonly says: RegExp;
}[] = [
  {
    name: "a file of text",
    make: (path) => writeFileSync(path, "this is not a database, but it is long enough to be read".repeat(20)),
    kind: "corrupt",
    says: /not a database/,
  },
  {
    name: "somebody else's SQLite database",
    make: (path) => {
      using other = new DatabaseSync(path);
      other.exec("CREATE TABLE contacts (id)");
    },
    kind: "corrupt",
    says: /not one of this server/,
  },
  {
    name: "a database that was cut short",
    make: async (path) => {
      await filled(path);
      truncateSync(path, 8_192);
    },
    kind: "corrupt",
    says: /malformed/,
  },
  {
    name: "a database of a newer server",
    make: async (path) => {
      await filled(path);
      using database = new DatabaseSync(path);
      database.exec("PRAGMA user_version = 99");
    },
    kind: "newer-version",
    says: /newer version/,
  },
  { name: "a directory", make: (path) => void mkdtempSync(path), kind: "unavailable", says: /unable to open/ },
];

for (const { name, make, kind, says } of unusable) {
  test(`${name} is refused with one clear message that names the file`, async () => {
    let path = newPath();
    await make(path);
    if (name === "a directory") path = join(path, "missing", "x.sqlite");
    await rejects(openSqliteStore({ path }), (error) => {
      ok(error instanceof StoreError);
      equal(error.kind, kind);
      match(error.message, says);
      ok(error.message.includes(path));
      return true;
    });
    // Nothing is held: the lock is free, and a good file opens in its place.
    rmSync(path, { force: true });
  });
}

test("a full disc fails commits as full, reads go on, and commits succeed once there is space", async () => {
  await using store = await openSqliteStore({ path: newPath(), pagesMax: 200 });
  await store.declare(contractShapes);
  let kept = 0;
  const fill = async (): Promise<void> => {
    for (; kept < 1_000; kept++) await store.commit(set(`k${kept}`, "x".repeat(3_000)));
  };
  await rejects(fill(), { kind: "full" });
  ok(kept > 50);
  equal(store.health.state, "failing");
  equal(store.health.lastError?.kind, "full");
  equal((await store.load("a@b")).get("roster")?.size, kept);
  const group = await Promise.allSettled([
    store.commit(set("a", "x".repeat(9_000))),
    store.commit(set("b", "x".repeat(9_000))),
  ]);
  deepEqual(
    group.map((result) => result.status === "rejected" && result.reason.kind),
    ["full", "full"],
  );
  await store.commit([{ op: "clear", store: "roster", owner: "a@b" }]);
  await store.commit(set("again", "x".repeat(9_000)));
  deepEqual([...((await store.load("a@b")).get("roster")?.keys() ?? [])], ["again"]);
  equal(store.health.state, "ok");
});

test("what SQLite refuses to write to is read-only; what is no error of SQLite is thrown on", () => {
  const path = newPath();
  new DatabaseSync(path).exec("CREATE TABLE t (x)");
  using readOnly = new DatabaseSync(path, { readOnly: true });
  let caught: unknown;
  try {
    readOnly.exec("INSERT INTO t VALUES (1)");
  } catch (error) {
    caught = error;
  }
  equal(sqliteFailure(caught).kind, "read-only");
  throws(() => sqliteFailure(new TypeError("a bug")), TypeError);
});

test("a second process is refused, and let in when the first is killed", async () => {
  const path = newPath();
  const holder = spawn(
    process.execPath,
    [fileURLToPath(import.meta.resolve("#testing/contract/storage-crash-child.ts")), path],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  await once(holder.stdout, "data");
  await rejects(openSqliteStore({ path }), { kind: "locked", message: `another server works on ${path}` });
  const ended = once(holder, "exit");
  holder.kill("SIGKILL");
  holder.stdout.resume();
  await ended;
  await using store = await openSqliteStore({ path });
  equal(store.health.state, "ok");
});

/** Threads whose messages are counted and which can be ended. */
function watchedThreads() {
  const threads: { readonly worker: Worker; readonly role: string; sent: number }[] = [];
  const spawn: SpawnThread = (program, options) => {
    const worker = new Worker(program, options);
    const watched = { worker, role: String(options.name), sent: 0 };
    const post = worker.postMessage.bind(worker);
    worker.postMessage = (message: unknown) => {
      watched.sent++;
      post(message);
    };
    threads.push(watched);
    return worker;
  };
  const sentTo = (role: string): number =>
    threads.filter((one) => one.role === role).reduce((sum, { sent }) => sum + sent, 0);
  return { threads, spawn, sentTo };
}

test("the commits of a turn are one message, and its reads one for look-ups and one for searches", async () => {
  const { spawn, sentTo } = watchedThreads();
  await using store = await openSqliteStore({ path: newPath(), spawn });
  await store.declare(contractShapes);
  const before = [sentTo("sqlite-writer"), sentTo("sqlite-reader")] as const;
  await Promise.all(Array.from({ length: 500 }, (_, n) => store.commit(set(`k${n}`, "v"))));
  equal(sentTo("sqlite-writer") - before[0], 1);
  await Promise.all(Array.from({ length: 100 }, () => store.load("a@b")));
  equal(sentTo("sqlite-reader") - before[1], 1);
  const search = (): Promise<unknown> => store.page("messages", "a@b", { max: 1, direction: "forward" });
  await Promise.all([store.load("a@b"), search(), search(), store.get("roster", "a@b", "k1")]);
  equal(sentTo("sqlite-reader") - before[1], 3);
});

async function untilOk(store: Store): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      await store.commit(set("probe", "v"));
      await store.load("a@b");
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  throw new Error("the store does not recover");
}

test("a thread that dies fails what it had as unavailable and is started again", async () => {
  const { threads, spawn } = watchedThreads();
  await using store = await openSqliteStore({ path: newPath(), spawn, readers: 1 });
  await store.declare(contractShapes);
  await store.commit(set("kept", "v"));
  equal(threads.length, 2);
  await Promise.all(threads.map(({ worker }) => worker.terminate()));
  await rejects(store.commit(set("lost", "v")), { kind: "unavailable" });
  await rejects(store.load("a@b"), { kind: "unavailable" });
  equal(store.health.state, "down");
  await untilOk(store);
  equal(threads.length, 4);
  equal(store.health.state, "ok");
  // A restarted thread knows the tables that were declared before.
  await store.commit([{ op: "insert", store: "global", row: { name: "n", n: 1 } }]);
  deepEqual(await store.select("global", { where: [], limit: 1 }), [{ name: "n", n: 1 }]);
  deepEqual([...((await store.load("a@b")).get("roster")?.keys() ?? [])], ["kept", "probe"]);
});
