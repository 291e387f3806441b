import type { ColumnType, StoreShape, TableShape } from "#kit/storage.ts";
import { StoreError } from "#kit/storage.ts";
import { searchDeclaration, shapeOf } from "../schema-session.ts";
import type { KeptValue, SchemaSession, SearchedShape, StoredVersion } from "../schema-session.ts";
import { quoted } from "../sql-select.ts";
import type { SqlDialect } from "../sql-select.ts";
import { tableIndexes } from "../table-indexes.ts";
import type { PostgresSession } from "./postgres-session.ts";
import { textLayout } from "./postgres-text-index.ts";

const layoutVersion = 2;

/** All text is in the collation "C": by code point, as everywhere. See sqlite-file.ts for the meaning of the tables. */
const layout = (schema: string): readonly string[] => [
  `CREATE TABLE ${schema}.layout (version bigint NOT NULL)`,
  `INSERT INTO ${schema}.layout VALUES (${layoutVersion})`,
  `CREATE TABLE ${schema}.store_version (name text COLLATE "C" PRIMARY KEY, shape text NOT NULL, version bigint NOT NULL)`,
  `CREATE TABLE ${schema}.entry (
    owner text COLLATE "C" NOT NULL, store text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, value text NOT NULL,
    PRIMARY KEY (owner, store, key))`,
  `CREATE INDEX entry_by_store ON ${schema}.entry (store, owner)`,
  `CREATE TABLE ${schema}.archive (
    store text COLLATE "C" NOT NULL, owner text COLLATE "C" NOT NULL, at bigint NOT NULL, id text COLLATE "C" NOT NULL,
    peer text COLLATE "C" NOT NULL, resource text COLLATE "C" NOT NULL, value text NOT NULL,
    PRIMARY KEY (id, owner, store))`,
  `CREATE INDEX archive_by_time ON ${schema}.archive (store, owner, at, id, peer, resource)`,
  ...textLayout(schema),
];

/** Version → what makes its tables of those of the version before. */
const layoutSteps = (schema: string): Readonly<Record<number, readonly string[]>> => ({ 2: textLayout(schema) });

/** Makes our tables in a new schema, and refuses a database that cannot hold them. */
export async function preparePostgresLayout(session: PostgresSession, schema: string): Promise<void> {
  const [encoding] = await session.query("SHOW server_encoding");
  if (encoding?.[0] !== "UTF8") {
    throw new StoreError(
      "unavailable",
      `the encoding of the PostgreSQL database is ${String(encoding?.[0])}, not UTF8`,
    );
  }
  const found = await session.query("SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'layout'", [schema]);
  if (found.length === 0) {
    const statements = [`CREATE SCHEMA IF NOT EXISTS "${schema}"`, ...layout(`"${schema}"`)];
    await session.transaction(statements.map((text) => ({ text, parameters: [] })));
    return;
  }
  const [stored] = await session.query(`SELECT version FROM "${schema}".layout`);
  if (Number(stored?.[0]) > layoutVersion) {
    throw new StoreError("newer-version", `the schema ${schema} was written by a newer version of this server`);
  }
  const steps = Object.entries(layoutSteps(`"${schema}"`)).filter(([to]) => Number(to) > Number(stored?.[0]));
  if (steps.length === 0) return;
  const statements = [
    ...steps.flatMap(([, texts]) => texts),
    `UPDATE "${schema}".layout SET version = ${layoutVersion}`,
  ];
  await session.transaction(statements.map((text) => ({ text, parameters: [] })));
}

/** The declaration of stores in PostgreSQL, inside a transaction that the caller began in this session. */
export function postgresSchemaSession(session: PostgresSession, schema: string, dialect: SqlDialect): SchemaSession {
  const run = async (text: string): Promise<void> => void (await session.query(text));
  return {
    versions: () => postgresVersions(session, dialect),
    setVersion: async (name: string, { shape, version }: StoredVersion) => {
      const text =
        `INSERT INTO ${dialect.table("store_version")} (name, shape, version) VALUES ($1, $2, $3) ` +
        "ON CONFLICT (name) DO UPDATE SET shape = excluded.shape, version = excluded.version";
      await session.query(text, [name, shape, version]);
    },
    createTable: (shape: TableShape) => {
      const columns = Object.entries(shape.columns).map(([name, type]) => columnSql(name, type));
      const key = `PRIMARY KEY (${shape.key.map(quoted).join(", ")})`;
      return run(`CREATE TABLE ${dialect.table(`table_${shape.name}`)} (${columns.join(", ")}, ${key})`);
    },
    addColumns: async (shape: TableShape, columns: readonly string[]) => {
      for (const name of columns) {
        const column = columnSql(name, shape.columns[name] ?? "text");
        await run(`ALTER TABLE ${dialect.table(`table_${shape.name}`)} ADD COLUMN ${column}`);
      }
    },
    matchIndexes: async (shape: TableShape) => {
      const wanted = tableIndexes(shape);
      const table = `table_${shape.name}`;
      const rows = await session.query(
        "SELECT indexname FROM pg_indexes WHERE schemaname = $1 AND tablename = $2 AND indexname LIKE '%\\_by\\_%'",
        [schema, table],
      );
      const known = rows.map(([name]) => String(name));
      for (const name of known) if (!wanted.has(name)) await run(`DROP INDEX ${dialect.table(name)}`);
      for (const [name, columns] of wanted) {
        if (known.includes(name)) continue;
        await run(`CREATE INDEX ${quoted(name)} ON ${dialect.table(table)} (${columns.map(quoted).join(", ")})`);
      }
    },
    prepareSearch: async (shapes: readonly SearchedShape[]) => {
      // Untouched where nothing has changed, so that the walk through what was there goes on where it was.
      const text =
        `INSERT INTO ${dialect.table("text_store")} AS known (store, declared, id, owner, rows_done, walked) ` +
        "VALUES ($1, $2, '', '', 0, false) ON CONFLICT (store) DO UPDATE SET " +
        "declared = excluded.declared, id = '', owner = '', rows_done = 0, walked = false " +
        "WHERE known.declared <> excluded.declared";
      for (const shape of shapes) await session.query(text, [shape.name, searchDeclaration(shape)]);
    },
    values: async (shape: StoreShape, after: KeptValue | undefined, limit: number) => {
      const { table, key } = keptIn(shape, dialect);
      const rows = await session.query(
        `SELECT owner, ${key}, value FROM ${table} WHERE store = $1 AND (owner, ${key}) > ($2, $3) ` +
          `ORDER BY owner, ${key} LIMIT $4`,
        [shape.name, after?.owner ?? "", after?.key ?? "", limit],
      );
      return rows.map(([owner, name, value]) => ({ owner: String(owner), key: String(name), value: String(value) }));
    },
    rewrite: async (shape: StoreShape, values: readonly KeptValue[]) => {
      const { table, key } = keptIn(shape, dialect);
      await session.query(
        `UPDATE ${table} AS kept SET value = new.value ` +
          "FROM unnest($2::text[], $3::text[], $4::text[]) AS new (owner, key, value) " +
          `WHERE kept.store = $1 AND kept.owner = new.owner AND kept.${key} = new.key`,
        [
          shape.name,
          values.map(({ owner }) => owner),
          values.map(({ key: name }) => name),
          values.map(({ value }) => value),
        ],
      );
    },
  };
}

export async function postgresVersions(
  session: PostgresSession,
  dialect: SqlDialect,
): Promise<ReadonlyMap<string, StoredVersion>> {
  const rows = await session.query(`SELECT name, shape, version FROM ${dialect.table("store_version")}`);
  return new Map(
    rows.map(([name, shape, version]) => [String(name), { shape: shapeOf(String(shape)), version: Number(version) }]),
  );
}

function keptIn(shape: StoreShape, dialect: SqlDialect): { readonly table: string; readonly key: string } {
  const archive = shape.shape === "archive";
  return { table: dialect.table(archive ? "archive" : "entry"), key: archive ? "id" : "key" };
}

function columnSql(name: string, type: ColumnType): string {
  return `${quoted(name)} ${type === "text" ? `text COLLATE "C" NOT NULL DEFAULT ''` : "bigint NOT NULL DEFAULT 0"}`;
}
