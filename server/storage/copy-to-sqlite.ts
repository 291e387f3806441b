import { existsSync, renameSync, rmSync } from "node:fs";
import { StoreError } from "#kit/storage.ts";
import type { BackupProgress, StoreShape, Write } from "#kit/storage.ts";
import type { StoredVersion } from "./schema-session.ts";
import { openSqliteStore } from "./sqlite/sqlite-store.ts";

/** Rows in one transaction of the copy. */
const copyRowsMax = 1_000;

export type CopyOptions = {
  readonly path: string;
  /** All stores that the source knows, those of modules that are switched off too. */
  readonly versions: ReadonlyMap<string, StoredVersion>;
  readonly declared: readonly StoreShape[];
  readonly pages: AsyncIterable<readonly Write[]> | Iterable<readonly Write[]>;
  /** Rows in total, as far as is known. */
  readonly rowsEstimate?: number;
  readonly progress: BackupProgress;
};

/** Makes an SQLite database of what another store holds: its backup, and the way to move house. */
export async function copyToSqlite(options: CopyOptions): Promise<void> {
  const { path, progress } = options;
  if (existsSync(path)) throw new StoreError("conflict", `${path} exists`);
  const partial = `${path}.partial`;
  const leftovers = [partial, `${partial}-wal`, `${partial}-shm`, `${partial}-lock`];
  for (const file of leftovers) rmSync(file, { force: true });
  let copied = 0;
  try {
    {
      await using store = await openSqliteStore({ path: partial, readers: 1 });
      await store.declare(keptShapes(options));
      for await (const page of options.pages) {
        for (let from = 0; from < page.length; from += copyRowsMax) {
          await store.commit(page.slice(from, from + copyRowsMax));
        }
        copied += page.length;
        progress(Math.min(copied / Math.max(options.rowsEstimate ?? copied, 1), 1));
      }
    }
    renameSync(partial, path);
    progress(1);
  } finally {
    for (const file of leftovers) rmSync(file, { force: true });
  }
}

/** The columns of a table are known only where it is declared; other shapes need their name and version alone. */
function keptShapes({ versions, declared }: CopyOptions): readonly StoreShape[] {
  const known = new Set(declared.map(({ name }) => name));
  const others = [...versions].flatMap(([name, { shape, version }]): StoreShape[] =>
    known.has(name) || shape === "table" ? [] : [{ shape, name, version }],
  );
  return [...declared, ...others];
}
