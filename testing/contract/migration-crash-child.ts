/** A program that is killed: it brings the SQLite store at argv[2] from version to version, and says so before and after each. */
import { openSqliteStore } from "#server/storage/sqlite/sqlite-store.ts";
import { growingShapes } from "./storage-fixtures.ts";

const [path = "", from = "1"] = process.argv.slice(2);
for (let version = Number(from); ; version++) {
  await using store = await openSqliteStore({ path });
  process.stdout.write(`begun ${version}\n`);
  await store.declare(growingShapes(version));
  process.stdout.write(`done ${version}\n`);
}
