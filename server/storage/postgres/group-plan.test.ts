import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import type { TableShape, Write } from "#kit/storage.ts";
import { planGroup } from "./group-plan.ts";
import { postgresDialect } from "./postgres-session.ts";

const table: TableShape = {
  shape: "table",
  name: "t",
  version: 1,
  columns: { id: "text", n: "integer" },
  key: ["id"],
  indexes: [],
  owner: "id",
};
const context = {
  dialect: postgresDialect("s"),
  tables: new Map([["t", table]]),
  archives: ["m"],
  searchable: new Set<string>(),
};

const set = (key: string, value: string): Write => ({ op: "set", store: "r", owner: "a", key, value });
const remove: Write = { op: "remove", store: "m", owner: "a", ids: ["1"] };
const append = (id: string): Write => ({ op: "append", store: "m", owner: "a", id, at: 1, with: "x@y/z", value: "v" });
const row = (op: "insert" | "upsert", id: string, n: number): Write => ({ op, store: "t", row: { id, n } });

/** The verb and the table of each statement, and its last parameter. */
function summary(writes: readonly Write[]): readonly string[] {
  return planGroup(writes, context).map(({ text, parameters }) => {
    const [, verb, name] = /^(INSERT INTO|DELETE FROM) "s"\."(\w+)"/.exec(text) ?? [];
    return `${verb} ${name} ${JSON.stringify(parameters.at(-1))}`;
  });
}

const cases: readonly { readonly name: string; readonly writes: readonly Write[]; readonly plan: readonly string[] }[] =
  [
    { name: "nothing", writes: [], plan: [] },
    {
      name: "values of many keys are one statement",
      writes: [set("1", "a"), set("2", "b")],
      plan: ['INSERT INTO entry ["a","b"]'],
    },
    {
      name: "the last value of a key counts",
      writes: [set("1", "a"), set("1", "b")],
      plan: ['INSERT INTO entry ["b"]'],
    },
    {
      name: "a value that is deleted is not written",
      writes: [set("1", "a"), { op: "delete", store: "r", owner: "a", key: "1" }],
      plan: ['DELETE FROM entry ["1"]'],
    },
    {
      name: "a clear waits for what came before it",
      writes: [set("1", "a"), { op: "clear", store: "r", owner: "a" }, set("2", "b")],
      plan: ['INSERT INTO entry ["a"]', 'DELETE FROM entry "r"', 'INSERT INTO entry ["b"]'],
    },
    {
      name: "entries and archive rows do not wait for one another",
      writes: [append("1"), set("1", "a"), append("2"), set("2", "b")],
      plan: ['INSERT INTO entry ["a","b"]', 'INSERT INTO archive ["v","v"]'],
    },
    {
      name: "a removal waits for the appends",
      writes: [append("1"), remove, append("2")],
      plan: ['INSERT INTO archive ["v"]', 'DELETE FROM archive ["1"]', 'INSERT INTO archive ["v"]'],
    },
    {
      name: "the last upsert of a key counts",
      writes: [row("upsert", "x", 1), row("upsert", "y", 2), row("upsert", "x", 3)],
      plan: ['INSERT INTO table_t ["3","2"]'],
    },
    {
      name: "inserts of one key are kept, to conflict",
      writes: [row("insert", "x", 1), row("insert", "x", 2)],
      plan: ['INSERT INTO table_t ["1","2"]'],
    },
    {
      name: "an insert and an upsert keep their order",
      writes: [row("upsert", "x", 1), row("insert", "y", 2)],
      plan: ['INSERT INTO table_t ["1"]', 'INSERT INTO table_t ["2"]'],
    },
    {
      name: "a wipe waits for everything",
      writes: [set("1", "a"), append("1"), row("upsert", "x", 1), { op: "wipe", owner: "a" }, set("2", "b")],
      plan: [
        'INSERT INTO entry ["a"]',
        'INSERT INTO archive ["v"]',
        'INSERT INTO table_t ["1"]',
        'DELETE FROM entry "a"',
        'DELETE FROM archive "a"',
        'DELETE FROM table_t "a"',
        'INSERT INTO entry ["b"]',
      ],
    },
  ];

for (const { name, writes, plan } of cases) test(`plan: ${name}`, () => deepEqual(summary(writes), plan));

test("what is indexed of an archive's rows follows them: it is queued with them, and goes behind them", () => {
  const searched = { ...context, searchable: new Set(["m"]) };
  const statements = (writes: readonly Write[]): readonly string[] =>
    planGroup(writes, searched).map(({ text }) =>
      [...text.matchAll(/(?:INSERT INTO|DELETE FROM) "s"\."(\w+)"/g)].map(([, table]) => table).join(" with "),
    );
  deepEqual(statements([append("1"), append("2")]), ["archive with text_queue"]);
  deepEqual(statements([remove]), ["archive", "archive_text"]);
  for (const before of [{}, { before: 5 }])
    deepEqual(statements([{ op: "truncate", store: "m", owner: "a", ...before }]), ["archive", "archive_text"]);
  deepEqual(statements([{ op: "wipe", owner: "a" }]), ["entry", "archive", "archive_text", "table_t"]);
});
