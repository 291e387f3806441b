import { setImmediate as turnOver } from "node:timers/promises";
import { StoreError } from "#kit/storage.ts";
import type { ArchiveShape, SearchableChild, StoreShape, TableShape, ValueMigrations } from "#kit/storage.ts";
import { assert } from "#protocol/assert.ts";

/** One value of a keyed, map or archive store on its way through a migration; `key` is the archive's id there. */
export type KeptValue = { readonly owner: string; readonly key: string; readonly value: string };

export type StoredVersion = { readonly shape: StoreShape["shape"]; readonly version: number };

/** What an adapter offers inside the one transaction of a declaration. */
export interface SchemaSession {
  readonly versions: () => Promise<ReadonlyMap<string, StoredVersion>>;
  readonly setVersion: (name: string, stored: StoredVersion) => Promise<void>;
  readonly createTable: (shape: TableShape) => Promise<void>;
  readonly addColumns: (shape: TableShape, columns: readonly string[]) => Promise<void>;
  /** Creates the indexes that are declared and missing, and drops those that are not declared any more. */
  readonly matchIndexes: (shape: TableShape) => Promise<void>;
  /** Has the text of these archives indexed: anew where it was declared otherwise, or where values were rewritten. */
  readonly prepareSearch: (shapes: readonly SearchedShape[]) => Promise<void>;
  /** The values behind this one, by owner and key. */
  readonly values: (shape: StoreShape, after: KeptValue | undefined, limit: number) => Promise<readonly KeptValue[]>;
  readonly rewrite: (shape: StoreShape, values: readonly KeptValue[]) => Promise<void>;
}

export type SearchedShape = ArchiveShape & { readonly searchable: readonly SearchableChild[] };

/** What an archive's index depends on: another text here, and it is made anew. */
export function searchDeclaration({ searchable, version }: SearchedShape): string {
  return JSON.stringify({ version, searchable });
}

/** Of {@link searchDeclaration}. By hand, because the threads of SQLite, which read it too, need no library of schemas otherwise. */
export function readDeclaration(text: string): readonly SearchableChild[] {
  const declared: unknown = JSON.parse(text);
  const children: unknown =
    typeof declared === "object" && declared !== null && "searchable" in declared ? declared.searchable : undefined;
  assert(Array.isArray(children), "what is searched was declared as a list");
  return children.map((child: unknown) => {
    assert(typeof child === "object" && child !== null && "ns" in child && "name" in child, "a child has a name");
    const { ns, name } = child;
    assert(typeof ns === "string" && typeof name === "string", "names are texts");
    return { ns, name };
  });
}

/** The name of a shape as it is kept in the database. */
export function shapeOf(name: string): StoreShape["shape"] {
  assert(name === "keyed" || name === "map" || name === "archive" || name === "table", `unknown shape ${name}`);
  return name;
}

const migrationPageRows = 500;

/** Brings every store from the version that is stored to the version that is declared. */
export async function bringUpToDate(session: SchemaSession, shapes: readonly StoreShape[]): Promise<void> {
  const versions = await session.versions();
  for (const shape of shapes) {
    const stored = versions.get(shape.name);
    refuseMismatch(shape, stored);
    if (shape.shape === "table") await prepareTable(session, shape, stored);
    else if (stored !== undefined) await migrateValues(session, shape, shape.migrate ?? {}, stored.version);
    if (stored?.version !== shape.version) {
      await session.setVersion(shape.name, { shape: shape.shape, version: shape.version });
    }
  }
  const searched = shapes.filter(isSearched);
  if (searched.length > 0) await session.prepareSearch(searched);
}

function isSearched(shape: StoreShape): shape is SearchedShape {
  return shape.shape === "archive" && shape.searchable !== undefined;
}

function refuseMismatch(shape: StoreShape, stored: StoredVersion | undefined): void {
  if (stored === undefined) return;
  if (stored.version > shape.version) {
    throw new StoreError(
      "newer-version",
      `the data of "${shape.name}" has version ${stored.version}, but this software knows versions up to ` +
        `${shape.version}: start the newer software, or restore a backup from before the upgrade`,
    );
  }
  assert(stored.shape === shape.shape, `store ${shape.name} was a ${stored.shape} and is declared as ${shape.shape}`);
}

async function prepareTable(session: SchemaSession, shape: TableShape, stored?: StoredVersion): Promise<void> {
  if (stored === undefined) await session.createTable(shape);
  else {
    const columns = addedColumns(shape, stored.version);
    if (columns.length > 0) await session.addColumns(shape, columns);
    else if (stored.version === shape.version) return;
  }
  await session.matchIndexes(shape);
}

function addedColumns(shape: TableShape, storedVersion: number): readonly string[] {
  return Object.entries(shape.added ?? {})
    .filter(([version]) => Number(version) > storedVersion && Number(version) <= shape.version)
    .flatMap(([, columns]) => columns);
}

async function migrateValues(
  session: SchemaSession,
  shape: StoreShape,
  migrations: ValueMigrations,
  from: number,
): Promise<void> {
  const steps: ((value: string) => string)[] = [];
  for (let version = from + 1; version <= shape.version; version++) {
    const step = migrations[version];
    if (step !== undefined) steps.push(step);
  }
  if (steps.length === 0) return;
  let after: KeptValue | undefined;
  for (;;) {
    const page = await session.values(shape, after, migrationPageRows);
    await session.rewrite(
      shape,
      page.map((kept) => ({ ...kept, value: steps.reduce((value, step) => step(value), kept.value) })),
    );
    after = page.at(-1);
    if (page.length < migrationPageRows) return;
    await turnOver();
  }
}
