/**
 * A program that is killed: it makes commits of all kinds to the SQLite store at argv[2], from number argv[3] on, and prints
 * the number of each once it is acknowledged.
 */
import { openSqliteStore } from "#server/storage/sqlite/sqlite-store.ts";
import { numberedCommits } from "./storage-random.ts";
import { contractShapes } from "./storage-fixtures.ts";

const [path = "", from = "0"] = process.argv.slice(2);
/** So many are on their way together, so that they share transactions. */
const together = 30;
const store = await openSqliteStore({ path });
await store.declare(contractShapes);
const commits = numberedCommits();
for (let next = Number(from); next < commits.length; next += together)
  await Promise.allSettled(
    commits.slice(next, next + together).map(async (writes, index) => {
      await store.commit(writes);
      process.stdout.write(`${next + index}\n`);
    }),
  );
