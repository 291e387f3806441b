import type { ColumnType, StoreShape, TableShape } from "#kit/storage.ts";
import { searchDeclaration, shapeOf } from "../schema-session.ts";
import type { KeptValue, SchemaSession, SearchedShape, StoredVersion } from "../schema-session.ts";
import { tableIndexes } from "../table-indexes.ts";
import { quoted } from "../sql-select.ts";
import { integerOf, textOf } from "./sqlite-file.ts";
import type { SqliteFile } from "./sqlite-file.ts";
import { forgetIndex } from "./text-layout.ts";

/** The declaration of stores in SQLite, inside a transaction that the caller began on this connection. */
export function sqliteSchemaSession(file: SqliteFile): SchemaSession {
  return {
    versions: async () =>
      new Map(
        file
          .rows("SELECT name, shape, version FROM store_version")
          .map(([name, shape, version]) => [
            textOf(name),
            { shape: shapeOf(textOf(shape)), version: integerOf(version) },
          ]),
      ),
    setVersion: async (name: string, { shape, version }: StoredVersion) =>
      file.run("INSERT OR REPLACE INTO store_version (name, shape, version) VALUES (?1, ?2, ?3)", [
        name,
        shape,
        version,
      ]),
    createTable: async (shape: TableShape) => {
      const columns = Object.entries(shape.columns).map(([name, type]) => columnSql(name, type));
      const key = shape.key.map(quoted).join(", ");
      file.run(
        `CREATE TABLE "table_${shape.name}" (${columns.join(", ")}, PRIMARY KEY (${key})) WITHOUT ROWID, STRICT`,
      );
    },
    addColumns: async (shape: TableShape, columns: readonly string[]) => {
      for (const name of columns) {
        file.run(`ALTER TABLE "table_${shape.name}" ADD COLUMN ${columnSql(name, shape.columns[name] ?? "text")}`);
      }
    },
    matchIndexes: async (shape: TableShape) => {
      const wanted = tableIndexes(shape);
      const known = file
        .rows("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ?1", [
          `table_${shape.name}`,
        ])
        .map(([name]) => textOf(name));
      for (const name of known) if (!wanted.has(name)) file.run(`DROP INDEX ${quoted(name)}`);
      for (const [name, columns] of wanted) {
        if (known.includes(name)) continue;
        file.run(`CREATE INDEX ${quoted(name)} ON "table_${shape.name}" (${columns.map(quoted).join(", ")})`);
      }
    },
    prepareSearch: async (shapes: readonly SearchedShape[]) => {
      const known = new Map(file.rows("SELECT store, declared FROM text_store").map(([store, text]) => [store, text]));
      const changed = shapes.filter((shape) => known.get(shape.name) !== searchDeclaration(shape));
      if (changed.length === 0) return;
      for (const shape of changed)
        file.run("INSERT OR REPLACE INTO text_store (store, declared) VALUES (?1, ?2)", [
          shape.name,
          searchDeclaration(shape),
        ]);
      for (const text of forgetIndex) file.run(text);
    },
    values: async (shape: StoreShape, after: KeptValue | undefined, limit: number) => {
      const { table, key } = keptIn(shape);
      return file
        .rows(
          `SELECT owner, ${key}, value FROM ${table} WHERE store = ?1 AND (owner, ${key}) > (?2, ?3) ` +
            `ORDER BY owner, ${key} LIMIT ?4`,
          [shape.name, after?.owner ?? "", after?.key ?? "", limit],
        )
        .map(([owner, name, value]) => ({ owner: textOf(owner), key: textOf(name), value: textOf(value) }));
    },
    rewrite: async (shape: StoreShape, values: readonly KeptValue[]) => {
      const { table, key } = keptIn(shape);
      for (const { owner, key: name, value } of values) {
        file.run(`UPDATE ${table} SET value = ?4 WHERE store = ?1 AND owner = ?2 AND ${key} = ?3`, [
          shape.name,
          owner,
          name,
          value,
        ]);
      }
    },
  };
}

function keptIn(shape: StoreShape): { readonly table: string; readonly key: string } {
  return shape.shape === "archive" ? { table: "archive", key: "id" } : { table: "entry", key: "key" };
}

function columnSql(name: string, type: ColumnType): string {
  return `${quoted(name)} ${type === "text" ? "TEXT NOT NULL DEFAULT ''" : "INTEGER NOT NULL DEFAULT 0"}`;
}
