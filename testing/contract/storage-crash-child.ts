/**
 * A program that is killed: it commits numbered values to the SQLite store at argv[2] and prints the number of each
 * commit once that is acknowledged. Every commit writes three places that must agree afterwards.
 */
import { openSqliteStore } from "#server/storage/sqlite/sqlite-store.ts";
import { crashShapes, crashWrites } from "./storage-crash.ts";

const [path = "", from = "0"] = process.argv.slice(2);
const store = await openSqliteStore({ path });
await store.declare(crashShapes);
process.stdout.write("open\n");
let next = Number(from);

const lane = async (): Promise<void> => {
  for (;;) {
    const n = next++;
    await store.commit(crashWrites(n));
    process.stdout.write(`${n}\n`);
  }
};
await Promise.all(Array.from({ length: 20 }, lane));
