import { keyBytesMax, StoreError, valueCharsMax } from "#kit/storage.ts";
import type { ColumnValue, Condition, Row, StoreShape, TableShape, Write } from "#kit/storage.ts";
import { phrasesOf } from "#kit/search-words.ts";
import { assert, unreachable } from "#protocol/assert.ts";

/** The name becomes part of an SQL identifier, which PostgreSQL cuts at 63 bytes. */
const namePattern = /^[a-z][a-z0-9_-]{0,39}$/;
const columnPattern = /^[a-z][a-z0-9_]{0,39}$/;

/** The stores that were declared, and what may be written to them: the one place where writes are checked. */
export class DeclaredShapes {
  readonly #byName = new Map<string, StoreShape>();

  /** Those of the shapes that are not known yet, each once. */
  unknown(shapes: readonly StoreShape[]): StoreShape[] {
    const found = new Map<string, StoreShape>();
    for (const shape of shapes) {
      const known = this.#byName.get(shape.name) ?? found.get(shape.name);
      if (known === undefined) {
        checkShape(shape);
        found.set(shape.name, shape);
      } else assert(sameShape(known, shape), `store ${shape.name} is declared twice, differently`);
    }
    return [...found.values()];
  }

  add(shapes: readonly StoreShape[]): void {
    for (const shape of shapes) this.#byName.set(shape.name, shape);
  }

  get all(): readonly StoreShape[] {
    return [...this.#byName.values()];
  }

  /** Throws AssertionFailed for a bug and StoreError for what is too large. */
  checkWrite(write: Write): void {
    switch (write.op) {
      case "set":
        this.#entry(write.store);
        checkKey(write.owner, write.store, write.key);
        checkValue(write.value);
        return;
      case "delete":
        this.#entry(write.store);
        return checkTexts(write.owner, write.key);
      case "clear":
        this.#entry(write.store);
        return checkTexts(write.owner);
      case "append":
        this.archive(write.store);
        assert(Number.isSafeInteger(write.at), "`at` is in whole milliseconds");
        assert(write.id !== "", "an id is not empty");
        assert(write.with.indexOf("/") !== write.with.length - 1 || write.with === "", "a JID has no empty resource");
        checkKey(write.owner, write.store, write.id, write.with);
        checkValue(write.value);
        return;
      case "remove":
        this.archive(write.store);
        return checkTexts(write.owner, ...write.ids);
      case "truncate":
        this.archive(write.store);
        return checkTexts(write.owner);
      case "insert":
      case "upsert":
        return checkRow(this.table(write.store), write.row);
      case "deleteRows":
        return checkConditions(this.table(write.store), write.where);
      case "wipe":
        return checkTexts(write.owner);
      default:
        return unreachable(write);
    }
  }

  /** Where the owners of this store are found. */
  kept(store: string): "entry" | "archive" {
    const shape = this.#byName.get(store);
    assert(shape !== undefined, `store ${store} is not declared`);
    assert(shape.shape !== "table", `store ${store} is a table`);
    return shape.shape === "archive" ? "archive" : "entry";
  }

  #entry(store: string): void {
    assert(this.kept(store) === "entry", `store ${store} is an archive`);
  }

  archive(store: string): void {
    assert(this.kept(store) === "archive", `store ${store} is not an archive`);
  }

  searchable(store: string, text: string): void {
    const shape = this.#byName.get(store);
    assert(shape?.shape === "archive" && shape.searchable !== undefined, `the text of ${store} cannot be searched`);
    assert(phrasesOf(text) !== undefined, "a query is bounded");
    checkTexts(text);
  }

  table(store: string): TableShape {
    const shape = this.#byName.get(store);
    assert(shape?.shape === "table", `store ${store} is not a declared table`);
    return shape;
  }
}

/** A row with all columns of the table. */
export function completeRow(shape: TableShape, row: Row): Row {
  return Object.fromEntries(
    Object.entries(shape.columns).map(([name, type]) => [name, row[name] ?? emptyValue(type)] as const),
  );
}

export function emptyValue(type: "text" | "integer"): ColumnValue {
  return type === "text" ? "" : 0;
}

/** The columns of the total order of a select. */
export function orderColumns(shape: TableShape, orderBy: readonly string[] = []): readonly string[] {
  return [...orderBy, ...shape.key.filter((column) => !orderBy.includes(column))];
}

export function checkConditions(shape: TableShape, where: readonly Condition[]): void {
  for (const condition of where) {
    const values = condition.is === "in" ? condition.values : [condition.value];
    for (const value of values) checkColumn(shape, condition.column, value);
    assert(shape.columns[condition.column] !== undefined, `no column ${condition.column} in ${shape.name}`);
    assert(condition.is !== "prefix" || shape.columns[condition.column] === "text", "a prefix is of text");
  }
}

export function checkColumn(shape: TableShape, column: string, value: ColumnValue | undefined): void {
  const type = shape.columns[column];
  assert(type !== undefined, `no column ${column} in ${shape.name}`);
  if (type === "text") {
    assert(typeof value === "string", `${shape.name}.${column} is text`);
    checkTexts(value);
  } else assert(Number.isSafeInteger(value), `${shape.name}.${column} is a safe integer`);
}

/** U+0000 cannot be kept by PostgreSQL, and a lone surrogate has no UTF-8. Neither occurs in XML. */
export function checkTexts(...texts: readonly string[]): void {
  for (const text of texts) checkText(text);
}

function checkText(text: string): void {
  assert(isText(text), "text is well-formed and has no U+0000");
}

function isText(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

function checkValue(value: string): void {
  if (value.length > valueCharsMax) throw new StoreError("too-large", `value of ${value.length} characters`);
  checkText(value);
}

/** A list of parts would be made for each message that is kept. */
function checkKey(a: string, b: string, c: string, d = ""): void {
  checkText(a);
  checkText(b);
  checkText(c);
  checkText(d);
  checkKeyLength(a.length + b.length + c.length + d.length, () => a + b + c + d);
}

function checkKeyLength(units: number, key: () => string): void {
  // One UTF-16 unit is at most three bytes.
  if (units * 3 <= keyBytesMax) return;
  const bytes = Buffer.byteLength(key());
  if (bytes > keyBytesMax) throw new StoreError("too-large", `key of ${bytes} bytes`);
}

function checkRow(shape: TableShape, row: Row): void {
  for (const [column, value] of Object.entries(row)) checkColumn(shape, column, value);
  for (const column of shape.key) assert(row[column] !== undefined, `row of ${shape.name} without ${column}`);
  for (const index of [shape.key, ...shape.indexes]) {
    const key = index.map((column) => row[column] ?? "").filter((value) => typeof value === "string");
    checkTexts(...key);
    checkKeyLength(Infinity, () => key.join(""));
  }
}

function checkShape(shape: StoreShape): void {
  assert(namePattern.test(shape.name), `bad store name ${shape.name}`);
  assert(Number.isSafeInteger(shape.version) && shape.version >= 1, `version of ${shape.name} is 1 or more`);
  if (shape.shape !== "table") return;
  const named = [...shape.key, ...shape.indexes.flat(), ...Object.values(shape.added ?? {}).flat()];
  if (shape.owner !== undefined) named.push(shape.owner);
  for (const column of Object.keys(shape.columns)) assert(columnPattern.test(column), `bad column name ${column}`);
  for (const column of named) assert(shape.columns[column] !== undefined, `no column ${column} in ${shape.name}`);
  assert(shape.key.length > 0, `table ${shape.name} has a key`);
  assert(shape.owner === undefined || shape.columns[shape.owner] === "text", "an owner column is text");
  const added = new Set(Object.values(shape.added ?? {}).flat());
  assert(!shape.key.some((column) => added.has(column)), `the key of ${shape.name} was there from the start`);
}

function sameShape(a: StoreShape, b: StoreShape): boolean {
  return a === b || JSON.stringify(withoutFunctions(a)) === JSON.stringify(withoutFunctions(b));
}

function withoutFunctions(shape: StoreShape): unknown {
  if (shape.shape === "table") return shape;
  return { ...shape, migrate: Object.keys(shape.migrate ?? {}) };
}
