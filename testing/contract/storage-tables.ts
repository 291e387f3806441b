import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { SelectQuery } from "#kit/storage.ts";
import { insert } from "./storage-fixtures.ts";
import type { Fresh } from "./storage-fixtures.ts";

const selectCases: readonly { readonly name: string; readonly query: Partial<SelectQuery>; readonly expect: string }[] =
  [
    { name: "all, by the key", query: {}, expect: "a/1 a/2 b/1 c/1 d/1" },
    { name: "equal", query: { where: [{ column: "city", is: "=", value: "Rome" }] }, expect: "a/1 c/1" },
    { name: "greater", query: { where: [{ column: "age", is: ">", value: 20 }] }, expect: "a/2 d/1" },
    { name: "at least", query: { where: [{ column: "age", is: ">=", value: 20 }] }, expect: "a/2 b/1 d/1" },
    { name: "less, of text", query: { where: [{ column: "city", is: "<", value: "Rome" }] }, expect: "a/2 b/1" },
    { name: "at most, negative", query: { where: [{ column: "age", is: "<=", value: -5 }] }, expect: "c/1" },
    { name: "a prefix", query: { where: [{ column: "city", is: "prefix", value: "Ro" }] }, expect: "a/1 c/1 d/1" },
    {
      name: "a prefix that is all",
      query: { where: [{ column: "city", is: "prefix", value: "" }] },
      expect: "a/1 a/2 b/1 c/1 d/1",
    },
    {
      name: "one of several",
      query: { where: [{ column: "city", is: "in", values: ["Bonn", "Rom😀"] }] },
      expect: "b/1 d/1",
    },
    {
      name: "one of several numbers",
      query: { where: [{ column: "age", is: "in", values: [20, -5] }] },
      expect: "b/1 c/1",
    },
    { name: "one of none", query: { where: [{ column: "city", is: "in", values: [] }] }, expect: "" },
    {
      name: "two conditions",
      query: {
        where: [
          { column: "city", is: "=", value: "Rome" },
          { column: "age", is: "<", value: 0 },
        ],
      },
      expect: "c/1",
    },
    { name: "sorted by a column, then the key", query: { orderBy: ["city"] }, expect: "b/1 a/2 a/1 c/1 d/1" },
    { name: "descending, the key too", query: { orderBy: ["city"], descending: true }, expect: "d/1 c/1 a/1 a/2 b/1" },
    { name: "a limit", query: { orderBy: ["age"], limit: 2 }, expect: "c/1 a/1" },
    {
      name: "behind a row",
      query: { orderBy: ["city"], after: { jid: "a", room: "1", city: "Rome" } },
      expect: "c/1 d/1",
    },
    {
      name: "behind a row that is gone, descending",
      query: { orderBy: ["city"], descending: true, after: { jid: "b", room: "9", city: "Rome" } },
      expect: "a/1 a/2 b/1",
    },
  ];

export function tableTests(fresh: Fresh): void {
  test("a table is searched", async (t) => {
    await using store = await fresh();
    await store.commit([
      insert("d", "1", "Rom😀", 99),
      insert("a", "1", "Rome", 10),
      insert("c", "1", "Rome", -5),
      insert("b", "1", "Bonn", 20),
      insert("a", "2", "Paris", 30),
    ]);
    for (const { name, query, expect } of selectCases) {
      await t.test(name, async () => {
        const rows = await store.select("directory", { where: [], limit: 9, ...query });
        equal(rows.map(({ jid, room }) => `${jid}/${room}`).join(" "), expect);
      });
    }
  });

  test("rows are inserted, replaced as a whole and deleted; columns left out are empty", async () => {
    await using store = await fresh();
    await store.commit([insert("a", "1", "Rome", Number.MAX_SAFE_INTEGER)]);
    await store.commit([
      { op: "upsert", store: "directory", row: { jid: "b", room: "1", age: Number.MIN_SAFE_INTEGER } },
    ]);
    const all = { where: [], limit: 9 };
    deepEqual(await store.select("directory", all), [
      { jid: "a", room: "1", city: "Rome", age: Number.MAX_SAFE_INTEGER },
      { jid: "b", room: "1", city: "", age: Number.MIN_SAFE_INTEGER },
    ]);
    await store.commit([{ op: "upsert", store: "directory", row: { jid: "a", room: "1" } }]);
    await store.commit([{ op: "deleteRows", store: "directory", where: [{ column: "jid", is: "=", value: "b" }] }]);
    deepEqual(await store.select("directory", all), [{ jid: "a", room: "1", city: "", age: 0 }]);
  });
}
