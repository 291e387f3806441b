/** A program that is killed: it commits rows to the SQLite store at argv[2] and prints when some have been indexed. */
import { openSqliteStore } from "#server/storage/sqlite/sqlite-store.ts";
import { contractShapes, romeo, said } from "./storage-fixtures.ts";

const store = await openSqliteStore({ path: process.argv[2] ?? "" });
await store.declare(contractShapes);
for (let n = 0; ; n++) {
  await store.commit(Array.from({ length: 200 }, (_, k) => said(romeo, `id${n}-${k}`, n, `word w${n}x${k}`)));
  if (store.health.textIndex.rowsIndexed > 0) process.stdout.write(`${n}\n`);
}
