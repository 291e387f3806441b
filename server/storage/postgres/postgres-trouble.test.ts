import { deepEqual, equal, notDeepEqual, ok, rejects } from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Store, Write } from "#kit/storage.ts";
import { checkAfterCrash, crashShapes, crashWrites } from "#testing/contract/storage-crash.ts";
import { contractShapes } from "#testing/contract/storage-fixtures.ts";
import { startPostgresServer } from "#testing/postgres-server.ts";
import { openPostgresStore } from "./postgres-store.ts";

const server = await startPostgresServer();
after(() => server[Symbol.asyncDispose]());
const { connection } = server;

const set = (key: string): readonly Write[] => [{ op: "set", store: "roster", owner: "a@b", key, value: "v" }];

async function asAdministrator(statement: string): Promise<readonly unknown[]> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    const { rows }: { rows: unknown[] } = await client.query(statement);
    return rows;
  } finally {
    await client.end();
  }
}

async function untilOk(work: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await work();
      return;
    } catch (error) {
      if (tries === 300) throw error;
      await sleep(10);
    }
  }
}

const roster = async (store: Store): Promise<readonly string[]> => [
  ...((await store.load("a@b")).get("roster")?.keys() ?? []),
];

test("a group of commits is one transaction with one statement for each table", async () => {
  let sent = 0;
  await using store = await openPostgresStore({ connection, schema: "counted", sent: () => sent++ });
  await store.declare(contractShapes);
  sent = 0;
  const append = (owner: string, n: number): Write => ({
    op: "append",
    store: "messages",
    owner,
    id: `${n}`,
    at: n,
    with: "x@y",
    value: "v",
  });
  await Promise.all(
    Array.from({ length: 500 }, (_, n) => store.commit([append("a@b", n), append("c@d", n), ...set(`${n}`)])),
  );
  // BEGIN, entries, archive, COMMIT.
  equal(sent, 4);
  await Promise.all(Array.from({ length: 500 }, (_, n) => store.commit([append("a@b", n), append("c@d", n)])));
  equal(sent, 4 + 1);
  equal(store.health.groups, 2);
});

test("while PostgreSQL is gone commits and reads are unavailable; both recover by themselves", async () => {
  await using store = await openPostgresStore({ connection, schema: "gone" });
  await store.declare(contractShapes);
  await store.commit(set("before"));
  await server.kill();
  await rejects(store.commit(set("lost")), { kind: "unavailable" });
  await rejects(store.load("a@b"), { kind: "unavailable" });
  equal(store.health.state, "down");
  await rejects(openPostgresStore({ connection, schema: "other" }), { kind: "unavailable" });
  await server.start();
  await untilOk(() => store.commit(set("after")));
  deepEqual(await roster(store), ["after", "before"]);
  equal(store.health.state, "ok");
});

test("a server that is killed under load loses nothing that was acknowledged", async () => {
  const acknowledged: number[] = [];
  {
    await using store = await openPostgresStore({ connection, schema: "crashed" });
    await store.declare(crashShapes);
    let next = 0;
    const lane = async (): Promise<void> => {
      for (;;) {
        const n = next++;
        await store.commit(crashWrites(n));
        acknowledged.push(n);
        if (acknowledged.length === 300) void server.kill();
      }
    };
    const lanes = await Promise.allSettled(Array.from({ length: 20 }, lane));
    ok(lanes.every((ended) => ended.status === "rejected" && ended.reason.kind === "unavailable"));
  }
  await server.start();
  ok(acknowledged.length >= 300);
  await using again = await openPostgresStore({ connection, schema: "crashed" });
  await checkAfterCrash(again, acknowledged);
});

test("reads that are under way when the server dies are unavailable, and nothing else breaks", async () => {
  for (let times = 0; times < 3; times++) {
    await using store = await openPostgresStore({ connection, schema: "reading" });
    await store.declare(contractShapes);
    let answers = 0;
    let dying: Promise<void> | undefined;
    const lane = async (n: number): Promise<void> => {
      for (;;) {
        await (n % 2 === 0 ? store.load("a@b") : store.page("messages", "a@b", { max: 10, direction: "forward" }));
        answers++;
        if (answers === 200) dying = server.murder();
      }
    };
    const lanes = await Promise.allSettled(Array.from({ length: 8 }, (_, n) => lane(n)));
    ok(lanes.every((ended) => ended.status === "rejected" && ended.reason.kind === "unavailable"));
    await dying;
    await server.start();
    await untilOk(() => store.load("a@b"));
  }
});

test("a writer that lost its connection takes the lock again, and stays out if another server has it", async () => {
  await using store = await openPostgresStore({ connection, schema: "locks" });
  await store.declare(contractShapes);
  const holder = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted";
  const endHolder = (): Promise<unknown> => asAdministrator(`SELECT pg_terminate_backend(pid) FROM (${holder})`);
  const [before] = await asAdministrator(holder);
  await endHolder();
  await untilOk(() => store.commit(set("one")));
  const [later] = await asAdministrator(holder);
  notDeepEqual(later, before);
  await rejects(openPostgresStore({ connection, schema: "locks" }), { kind: "locked" });

  const rival = new pg.Client(connection);
  await rival.connect();
  const takeover = rival.query("SELECT pg_advisory_lock($1::int, hashtext($2))", [0x42414c43, "locks"]);
  await endHolder();
  await takeover;
  await rejects(store.commit(set("lost")), { kind: "unavailable" });
  equal(store.health.state, "down");
  await rival.end();
  await untilOk(() => store.commit(set("two")));
  deepEqual(await roster(store), ["one", "two"]);
});

test("a database that is not UTF-8, that does not exist or was made by newer software is refused clearly", async () => {
  await asAdministrator("CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII'");
  await rejects(openPostgresStore({ connection: { ...connection, database: "ascii" } }), {
    kind: "unavailable",
    message: "the encoding of the PostgreSQL database is SQL_ASCII, not UTF8",
  });
  await rejects(openPostgresStore({ connection: { ...connection, database: "nowhere" } }), {
    kind: "unavailable",
    message: /does not exist/,
  });
  {
    await using store = await openPostgresStore({ connection, schema: "newer" });
    equal(store.health.state, "ok");
  }
  await asAdministrator("UPDATE newer.layout SET version = 99");
  await rejects(openPostgresStore({ connection, schema: "newer" }), { kind: "newer-version" });
});

test("a database that refuses to write is read-only, and is read", async () => {
  await using store = await openPostgresStore({ connection, schema: "standby" });
  await store.declare(contractShapes);
  await store.commit(set("kept"));
  await asAdministrator("ALTER SYSTEM SET default_transaction_read_only = on");
  await asAdministrator("SELECT pg_reload_conf()");
  await untilOk(() => rejects(store.commit(set("lost")), { kind: "read-only" }));
  equal(store.health.state, "failing");
  ok((await roster(store)).includes("kept"));
  await asAdministrator("ALTER SYSTEM RESET default_transaction_read_only");
  await asAdministrator("SELECT pg_reload_conf()");
  await untilOk(() => store.commit(set("again")));
});

test("tables that were damaged from outside are reported as corrupt", async () => {
  await using store = await openPostgresStore({ connection, schema: "damaged" });
  await store.declare(contractShapes);
  await asAdministrator("DROP TABLE damaged.entry");
  await rejects(store.load("a@b"), { kind: "corrupt" });
  await rejects(store.commit(set("x")), { kind: "corrupt" });
});
