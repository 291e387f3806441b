import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { storageContract } from "#testing/contract/storage.ts";
import { openSqliteStore } from "./sqlite-store.ts";

const folder = mkdtempSync(join(tmpdir(), "balcony-sqlite-"));
after(() => rmSync(folder, { recursive: true }));

storageContract({
  kind: "SQLite",
  open: (database, options) => openSqliteStore({ ...options, path: join(folder, `${database}.sqlite`) }),
});
