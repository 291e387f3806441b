import { DatabaseSync } from "node:sqlite";

/** What {@link makeWalDatabase} comes to. Neither peer sets `synchronous`, and SQLite's own default is FULL. */
export const walArchive =
  "SQLite, synchronous=FULL (SQLite's default), in WAL mode (which the bench sets in the file beforehand: the peer's own " +
  "choice, a rollback journal, flushes more often)";

/** An empty database whose file says that it is in WAL mode, which every program that opens it then keeps to. */
export function makeWalDatabase(path: string): void {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL");
  database.close();
}
