import { deepEqual, equal } from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import type { Store } from "#kit/storage.ts";
import { contractShapes, romeo, said, summary } from "#testing/contract/storage-fixtures.ts";
import { indexed } from "#testing/contract/storage-search.ts";
import { startPostgresServer } from "#testing/postgres-server.ts";
import { openPostgresStore } from "./postgres-store.ts";

const server = await startPostgresServer();
after(() => server[Symbol.asyncDispose]());

const find = async (store: Store, text: string): Promise<string> =>
  summary(await store.page("messages", romeo, { max: 3, direction: "forward", text }));

async function sql(...statements: readonly string[]): Promise<void> {
  const client = new pg.Client(server.connection);
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

test("a database from before there was an index is indexed in the background, in steps", async () => {
  const rows = 1_050;
  {
    await using store = await openPostgresStore({ connection: server.connection, schema: "old" });
    await store.declare(contractShapes);
    await store.commit(Array.from({ length: rows }, (_, n) => said(romeo, `id${n}`, n, `old number${n}`)));
  }
  await sql("DROP TABLE old.archive_text, old.text_queue, old.text_store", "UPDATE old.layout SET version = 1");
  await using store = await openPostgresStore({ connection: server.connection, schema: "old" });
  await store.declare(contractShapes);
  await store.commit([said(romeo, "new", rows, "a new message")]);
  await indexed(store);
  for (const n of [0, 500, rows - 1]) equal(await find(store, `number${n}`), `id${n} complete`);
  equal(await find(store, "new"), "new complete");
  const all = await store.page("messages", romeo, { max: 0, direction: "forward", text: "old", countRows: true });
  equal(summary(all), `more count=${rows}`);
});

test("an index that cannot be written stops no messages; once it can, it catches up", async () => {
  const told: string[] = [];
  const watch = {
    failed: () => void told.push("store"),
    recovered: () => {},
    indexFailed: () => void told.push("index"),
  };
  await using store = await openPostgresStore({ connection: server.connection, schema: "broken", watch });
  await store.declare(contractShapes);
  await store.commit([said(romeo, "a", 1, "one")]);
  await indexed(store);
  await sql("ALTER TABLE broken.archive_text RENAME TO elsewhere");
  await store.commit([said(romeo, "b", 2, "two")]);
  for (const deadline = Date.now() + 20_000; store.health.textIndex.state !== "failing" && Date.now() < deadline;)
    await pause(20);
  await store.commit([said(romeo, "c", 3, "three")]);
  equal(summary(await store.page("messages", romeo, { max: 3, direction: "forward" })), "a b c complete");
  deepEqual([store.health.state, told], ["ok", ["index"]]);
  await sql("ALTER TABLE broken.elsewhere RENAME TO archive_text");
  await indexed(store);
  deepEqual([await find(store, "two"), await find(store, "three")], ["b complete", "c complete"]);
});
