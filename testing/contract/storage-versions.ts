import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import type { StoreShape, TableShape, Write } from "#kit/storage.ts";
import { AssertionFailed } from "#protocol/assert.ts";
import { append, failsWith, loaded, set } from "./storage-fixtures.ts";
import type { Fresh } from "./storage-fixtures.ts";

export function declareTests(open: Fresh, newDatabase: () => void): void {
  const keyed = (version: number, migrate = {}): StoreShape => ({ shape: "keyed", name: "k", version, migrate });
  const archive = (version: number, migrate = {}): StoreShape => ({ shape: "archive", name: "a", version, migrate });
  const table = (version: number): TableShape => ({
    shape: "table",
    name: "t",
    version,
    columns: { id: "text", ...(version > 1 ? { size: "integer" } : {}), ...(version > 2 ? { note: "text" } : {}) },
    key: ["id"],
    indexes: version > 1 ? [["size"]] : [],
    added: { ...(version > 1 ? { 2: ["size"] } : {}), ...(version > 2 ? { 3: ["note"] } : {}) },
  });
  const first: Write[] = [
    ...Array.from({ length: 1_100 }, (_, n) => set(`o${n}`, "k", "", "v")),
    { op: "append", store: "a", owner: "o", id: "1", at: 7, with: "x", value: "v" },
    { op: "insert", store: "t", row: { id: "r" } },
  ];
  const steps = { 2: (value: string) => `${value}2`, 4: (value: string) => `${value}4` };

  test("data stays, and is migrated step by step when a module has moved on", async () => {
    newDatabase();
    {
      await using store = await open();
      await store.declare([keyed(1), archive(1), table(1)]);
      await store.commit(first);
    }
    {
      await using store = await open();
      await store.declare([keyed(2, steps)]);
      equal(await store.get("k", "o7", ""), "v2");
    }
    await using store = await open();
    await store.declare([keyed(4, steps), archive(4, steps), table(3)]);
    const values = await Promise.all(Array.from({ length: 1_100 }, (_, n) => store.get("k", `o${n}`, "")));
    deepEqual(new Set(values), new Set(["v24"]));
    const page = await store.page("a", "o", { max: 2, direction: "forward" });
    ok(page.found);
    deepEqual(page.rows, [{ id: "1", at: 7, with: "x", value: "v24" }]);
    await store.commit([{ op: "insert", store: "t", row: { id: "s", size: 3, note: "n" } }]);
    deepEqual(await store.select("t", { where: [], orderBy: ["size"], limit: 9 }), [
      { id: "r", size: 0, note: "" },
      { id: "s", size: 3, note: "n" },
    ]);
  });

  test("data of a newer version is refused, and nothing of the declaration is kept", async () => {
    newDatabase();
    {
      await using store = await open();
      await store.declare([keyed(2), archive(1)]);
      await store.commit([set("o", "k", "", "v"), append("o", "1", 1, "x", "a")]);
    }
    await using store = await open();
    await rejects(store.declare([archive(2, steps), keyed(1)]), failsWith("newer-version"));
    await store.declare([keyed(2), archive(1)]);
    deepEqual(await loaded(store, "o"), { k: { "": "v" } });
    const page = await store.page("a", "o", { max: 1, direction: "forward" });
    deepEqual(page.found && page.rows[0]?.value, "<body>1</body>");
  });

  test("a migration that throws leaves the data as it was", async () => {
    newDatabase();
    const broken = { 2: (value: string): string => (value === "v7" ? JSON.parse(value) : `${value}!`) };
    {
      await using store = await open();
      await store.declare([keyed(1)]);
      await store.commit(Array.from({ length: 9 }, (_, n) => set(`o${n}`, "k", "", `v${n}`)));
      await rejects(async () => {
        await store[Symbol.asyncDispose]();
        await using again = await open();
        await again.declare([keyed(2, broken)]);
      }, SyntaxError);
    }
    await using store = await open();
    await store.declare([keyed(1)]);
    equal(await store.get("k", "o1", ""), "v1");
  });

  test("a shape may be declared again, but not differently; stores can be added later", async () => {
    newDatabase();
    await using store = await open();
    await Promise.all([store.declare([keyed(1)]), store.declare([keyed(1), archive(1)])]);
    await rejects(store.declare([keyed(2)]), AssertionFailed);
    await rejects(store.declare([table(1), table(2)]), AssertionFailed);
    const commit = store.commit([set("o", "k", "", "v")]);
    await store.declare([{ shape: "map", name: "later", version: 1 }, table(2)]);
    await commit;
    await store.commit([set("o", "later", "x", "v"), { op: "insert", store: "t", row: { id: "1" } }]);
    deepEqual(await loaded(store, "o"), { k: { "": "v" }, later: { x: "v" } });
    equal((await store.select("t", { where: [], limit: 1 })).length, 1);
  });
}
