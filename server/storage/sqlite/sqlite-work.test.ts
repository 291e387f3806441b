import { deepEqual, doesNotMatch, equal, ok } from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { StoreShape, TableShape, Write } from "#kit/storage.ts";
import { bringUpToDate } from "../schema-session.ts";
import { ownersSql, pageCountSql, pageSql, placesSql, selectSql } from "../sql-select.ts";
import type { PlacedPageQuery, SqlQuery } from "../sql-select.ts";
import { SqliteFile, sqliteDialect } from "./sqlite-file.ts";
import { SqliteReader } from "./sqlite-reader.ts";
import { sqliteSchemaSession } from "./sqlite-schema.ts";
import { SqliteWriter } from "./sqlite-writer.ts";

const directory: TableShape = {
  shape: "table",
  name: "directory",
  version: 1,
  columns: { jid: "text", city: "text", age: "integer" },
  key: ["jid"],
  indexes: [["city", "age"]],
};
const shapes: readonly StoreShape[] = [
  { shape: "map", name: "roster", version: 1 },
  { shape: "archive", name: "messages", version: 1 },
  directory,
];

const folder = mkdtempSync(join(tmpdir(), "balcony-work-"));
const path = join(folder, "store.sqlite");
const file = new SqliteFile({ path, cacheKiBMax: 1024 }, "write");
file.checkLayout(path);
await bringUpToDate(sqliteSchemaSession(file), shapes);
after(() => {
  file[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

const message = (n: number): readonly Write[] =>
  ["a@b", "c@d"].map((owner) => ({
    op: "append",
    store: "messages",
    owner,
    id: `${n}`,
    at: n,
    with: "x@y/z",
    value: "<body/>",
  }));

test("a commit is on the disc before it is acknowledged, as far as SQLite can see to it", () => {
  // 2 is FULL: in WAL mode NORMAL would lose the last commits when the power fails. Killing processes cannot show this.
  deepEqual(file.rows("PRAGMA synchronous")[0], [2]);
  deepEqual(file.rows("PRAGMA journal_mode")[0], ["wal"]);
});

test("a group of n commits is one transaction, with one statement for each write", () => {
  const writer = new SqliteWriter(file, shapes);
  const before = file.executions;
  deepEqual(writer.apply(Array.from({ length: 50 }, (_, n) => message(n))), []);
  equal(file.executions - before, 50 * 2 + 2);
});

test("a group with a conflict is tried once more, in one transaction", () => {
  const writer = new SqliteWriter(file, shapes);
  const insert: Write = { op: "insert", store: "directory", row: { jid: "a" } };
  writer.apply([[insert]]);
  const before = file.executions;
  const failures = writer.apply([message(60), [insert], message(61)]);
  deepEqual(
    failures.map((failure) => failure?.kind),
    [undefined, "conflict", undefined],
  );
  // First try: begin, 2, the insert, roll back. Second: begin, commit, and for each commit a savepoint and its end (one more to take it back).
  equal(file.executions - before, 1 + 3 + 1 + 2 + (2 + 2) + (1 + 3) + (2 + 2));
});

test("the reads of a turn are one transaction; an owner is one statement however much it has", () => {
  const writer = new SqliteWriter(file, shapes);
  writer.apply([
    Array.from({ length: 300 }, (_, n): Write => ({
      op: "set",
      store: "roster",
      owner: "a@b",
      key: `${n}`,
      value: "v",
    })),
  ]);
  const reader = new SqliteReader(file, shapes);
  const before = file.executions;
  const [first] = reader.read(Array.from({ length: 10 }, () => ({ read: "load", owner: "a@b" }) as const));
  ok(first?.ok === true && first.answer.read === "load");
  equal(first.answer.entries.length, 900);
  equal(file.executions - before, 10 + 2);
});

const page: PlacedPageQuery = { max: 50, direction: "forward", after: undefined, before: undefined };
const place = { at: 7, id: "7" };
const plans: readonly {
  readonly name: string;
  readonly query: SqlQuery;
  readonly sorts?: boolean;
  readonly covered?: boolean;
}[] = [
  ...(["forward", "backward"] as const).flatMap((direction) => [
    { name: `a page ${direction}`, query: pageSql(sqliteDialect, "messages", "a@b", { ...page, direction }) },
    {
      name: `a page ${direction} between ids`,
      query: pageSql(sqliteDialect, "messages", "a@b", { ...page, direction, after: place, before: place }),
    },
    {
      name: `a page ${direction} of one peer`,
      query: pageSql(sqliteDialect, "messages", "a@b", { ...page, direction, with: "x@y", after: place }),
    },
    {
      name: `a page ${direction} of one resource`,
      query: pageSql(sqliteDialect, "messages", "a@b", { ...page, direction, with: "x@y/z" }),
    },
    {
      name: `a page ${direction} of a time`,
      query: pageSql(sqliteDialect, "messages", "a@b", { ...page, direction, start: 1, end: 9 }),
    },
  ]),
  {
    name: "a page without its values, by the index alone",
    query: pageSql(sqliteDialect, "messages", "a@b", { ...page, with: "x@y", after: place, withoutValues: true }),
    covered: true,
  },
  {
    name: "a page of ids",
    query: pageSql(sqliteDialect, "messages", "a@b", { ...page, ids: ["1", "2"] }),
    sorts: true,
  },
  { name: "a count of one peer", query: pageCountSql(sqliteDialect, "messages", "a@b", { ...page, with: "x@y" }) },
  { name: "the places of ids", query: placesSql(sqliteDialect, "messages", "a@b", ["1"]) },
  { name: "the owners of a map", query: ownersSql(sqliteDialect, "entry", "roster", { after: "a", limit: 9 }) },
  {
    name: "the owners of an archive",
    query: ownersSql(sqliteDialect, "archive", "messages", { limit: 9, domain: "b" }),
  },
  {
    name: "a select by an index",
    query: selectSql(sqliteDialect, directory, {
      where: [{ column: "city", is: "=", value: "Rome" }],
      orderBy: ["age"],
      limit: 9,
    }),
  },
];

for (const { name, query, sorts = false, covered = false } of plans) {
  test(`${name} is found by an index${sorts ? "" : " and comes sorted from it"}`, () => {
    const steps = file.rows(`EXPLAIN QUERY PLAN ${query.text}`, query.parameters).map((row) => String(row[3]));
    const plan = steps.join("\n");
    doesNotMatch(plan, /SCAN (?!found|json_each|CONSTANT)/);
    if (!sorts) doesNotMatch(plan, /TEMP B-TREE/);
    ok(plan.includes("SEARCH"), plan);
    if (covered) ok(plan.includes("COVERING INDEX"), plan);
  });
}

test("what is appended, aged and removed of an archive is found by an index", () => {
  for (const text of [
    "DELETE FROM archive WHERE store = ?1 AND owner = ?2 AND at < ?3",
    "DELETE FROM archive WHERE store = ?1 AND owner = ?2 AND id = ?3",
    "DELETE FROM entry WHERE owner = ?1",
  ]) {
    const parameters = ["messages", "a@b", "1"].slice(0, text.includes("?3") ? 3 : 1);
    const plan = file
      .rows(`EXPLAIN QUERY PLAN ${text}`, parameters)
      .map((row) => String(row[3]))
      .join("\n");
    ok(plan.startsWith("SEARCH"), plan);
  }
});
