import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { searchLengthMax } from "#kit/search-words.ts";
import type { PageQuery, Store, StoreShape } from "#kit/storage.ts";
import { AssertionFailed } from "#protocol/assert.ts";
import { contractShapes, juliet, romeo, said, summary, withoutValues } from "./storage-fixtures.ts";
import type { Fresh } from "./storage-fixtures.ts";
import type { StorageHarness } from "./storage-harness.ts";

const indexedMsMax = 20_000;

/** Waits until all that was kept can be found: the index follows by a second or so. */
export async function indexed(store: Store): Promise<void> {
  // A word that stands in the last row that is kept: rows are indexed in the order in which they came.
  const word = `last${markers++}`;
  await store.commit([said("marker@contract", word, 1, word)]);
  for (const deadline = Date.now() + indexedMsMax; Date.now() < deadline; await pause(20)) {
    const page = await store.page("messages", "marker@contract", { max: 1, direction: "forward", text: word });
    if (page.found && page.rows.length === 1 && store.health.textIndex.rowsWaiting === 0) return;
  }
  throw new Error("the index does not follow", { cause: store.health.textIndex.lastError });
}
let markers = 0;

const searches: readonly { readonly name: string; readonly query: Partial<PageQuery>; readonly expect: string }[] = [
  { name: "a word", query: { text: "rose" }, expect: "a c d complete" },
  { name: "a word that nobody said", query: { text: "thorn" }, expect: "complete" },
  { name: "a word of what is not searched", query: { text: "unsearched" }, expect: "complete" },
  { name: "the beginning of a word", query: { text: "ros" }, expect: "complete" },
  { name: "other case and accents", query: { text: "ROSÉ" }, expect: "a c d complete" },
  { name: "two words, in any order", query: { text: "name rose" }, expect: "a d complete" },
  { name: "a phrase", query: { text: '"rose by any"' }, expect: "a complete" },
  { name: "a phrase the other way round", query: { text: '"by rose"' }, expect: "complete" },
  { name: "a phrase and a word", query: { text: '"any other" name' }, expect: "a complete" },
  { name: "signs without spaces", query: { text: "東京" }, expect: "e complete" },
  { name: "the same signs in another order", query: { text: "京東" }, expect: "complete" },
  { name: "words of two rows", query: { text: "sweet other" }, expect: "complete" },
  { name: "another's words", query: { text: "nightingale" }, expect: "complete" },
  { name: "the first page of what is found", query: { text: "rose", max: 2 }, expect: "a c more" },
  { name: "the next page", query: { text: "rose", max: 2, after: "c" }, expect: "d complete" },
  { name: "behind a row that does not match", query: { text: "rose", after: "b" }, expect: "c d complete" },
  { name: "the last page", query: { text: "rose", max: 1, direction: "backward" }, expect: "d more" },
  {
    name: "the page before",
    query: { text: "rose", max: 2, direction: "backward", before: "d" },
    expect: "a c complete",
  },
  { name: "from a time on", query: { text: "rose", start: 11 }, expect: "c d complete" },
  { name: "until a time", query: { text: "rose", end: 30 }, expect: "a c complete" },
  { name: "with somebody", query: { text: "rose", with: "nurse@z" }, expect: "c d complete" },
  { name: "with somebody's resource", query: { text: "rose", with: "nurse@z/pda" }, expect: "d complete" },
  { name: "with somebody who never said it", query: { text: "rose", with: "nobody@z" }, expect: "complete" },
  { name: "among chosen ids", query: { text: "rose", ids: ["a", "b"] }, expect: "a complete" },
  { name: "their number", query: { text: "rose", max: 0, countRows: true }, expect: "more count=3" },
  {
    name: "their number, whatever the page",
    query: { text: "rose", max: 1, after: "a", countRows: true },
    expect: "c more count=3",
  },
  { name: "the number of none", query: { text: "thorn", max: 0, countRows: true }, expect: "complete count=0" },
  { name: "no words at all", query: { text: "?!", countRows: true }, expect: "complete count=0" },
  { name: "an id that is not there", query: { text: "rose", after: "zz" }, expect: "missing zz" },
  // What the languages of the databases would make of it.
  { name: "A49 an operator", query: { text: "rose OR thorn" }, expect: "complete" },
  { name: "A49 a prefix", query: { text: "ros*" }, expect: "complete" },
  { name: "A49 a column", query: { text: "terms:rose" }, expect: "complete" },
  { name: "A49 a negation", query: { text: "name NOT rose" }, expect: "complete" },
  { name: "A49 brackets and quotes", query: { text: `rose') (" '); --` }, expect: "a c d complete" },
  { name: "A49 an open quote", query: { text: '"rose' }, expect: "a c d complete" },
  { name: "A49 signs of tsquery", query: { text: "rose & !name | :* <-> \\" }, expect: "a d complete" },
  { name: "A49 a word of another's index", query: { text: "0123456789_rose" }, expect: "complete" },
];

export function searchTests(fresh: Fresh, harness: StorageHarness, database: () => string): void {
  test("texts are searched", async (t) => {
    await using store = await fresh();
    await store.commit([
      said(romeo, "d", 40, "What's in a name? A rosé", "nurse@z/pda"),
      said(romeo, "a", 10, "A Rose by any other name"),
      said(romeo, "b", 20, "would smell as sweet"),
      said(romeo, "c", 30, "rose, rose &amp; ROSE", "nurse@z"),
      said(romeo, "e", 50, "東京"),
      said(juliet, "j", 10, "It was the nightingale, and not the rose"),
    ]);
    await indexed(store);
    for (const { name, query, expect } of searches)
      await t.test(name, async () => {
        const asked = { max: 10, direction: "forward", ...query } as const;
        const page = await store.page("messages", romeo, asked);
        equal(summary(page), expect);
        deepEqual(await store.page("messages", romeo, { ...asked, withoutValues: true }), withoutValues(page));
      });
    await t.test("a query beyond the bounds, and one of an archive without texts, are bugs", async () => {
      const max = { max: 1, direction: "forward" } as const;
      await rejects(store.page("messages", romeo, { ...max, text: "x".repeat(searchLengthMax + 1) }), AssertionFailed);
      await rejects(store.page("offline", romeo, { ...max, text: "x" }), AssertionFailed);
    });
  });

  test("many rows of one moment of our days are found, and removed, each by itself", async () => {
    await using store = await fresh();
    const at = 1_795_262_400_123;
    const rows = Array.from({ length: 300 }, (_, n) =>
      said(romeo, `id${String(n).padStart(3, "0")}`, at, `moment n${n}`),
    );
    await store.commit(rows);
    await indexed(store);
    await store.commit([{ op: "remove", store: "messages", owner: romeo, ids: ["id001", "id299"] }]);
    await indexed(store);
    const found = async (query: Partial<PageQuery>): Promise<string> =>
      summary(await store.page("messages", romeo, { max: 2, direction: "forward", text: "moment", ...query }));
    equal(await found({}), "id000 id002 more");
    equal(await found({ direction: "backward", countRows: true }), "id297 id298 more count=298");
    equal(await found({ start: at, end: at, after: "id150" }), "id151 id152 more");
    equal(await found({ text: "n7" }), "id007 complete");
    equal(await found({ start: at + 1 }), "complete");
  });

  const find = async (store: Store, text: string, owner = romeo): Promise<string> =>
    summary(await store.page("messages", owner, { max: 9, direction: "forward", text }));

  test("what is removed is found no more at once, and what replaces it in a while", async () => {
    await using store = await fresh();
    await store.commit(["a", "b", "c", "d", "e"].map((id, n) => said(romeo, id, n * 10, `moon ${id}`)));
    await indexed(store);
    await store.commit([{ op: "remove", store: "messages", owner: romeo, ids: ["b"] }]);
    equal(await find(store, "moon"), "a c d e complete");
    await store.commit([{ op: "truncate", store: "messages", owner: romeo, before: 10 }]);
    equal(await find(store, "moon"), "c d e complete");
    await store.commit([said(romeo, "c", 25, "sun")]);
    await indexed(store);
    deepEqual([await find(store, "moon"), await find(store, "sun")], ["d e complete", "c complete"]);
    await store.commit([said(juliet, "j", 1, "moon"), { op: "wipe", owner: romeo }]);
    equal(await find(store, "moon"), "complete");
    await store.commit([said(romeo, "n", 1, "moon again")]);
    await indexed(store);
    deepEqual([await find(store, "moon"), await find(store, "moon", juliet)], ["n complete", "j complete"]);
    const { state, lastError } = store.health.textIndex;
    deepEqual([state, lastError], ["ready", undefined]);
  });

  test("what was not indexed when the store closed is found after the next start, and what is declared searchable later", async () => {
    {
      await using store = await fresh();
      await store.commit([said(romeo, "a", 1, "parting is such sweet sorrow")]);
    }
    {
      await using store = await harness.open(database());
      await store.declare(contractShapes);
      await indexed(store);
      equal(await find(store, "sorrow"), "a complete");
    }
    // Another text is searched from now on: what is there already too.
    const changed = contractShapes.map((shape): StoreShape =>
      shape.name === "messages" && shape.shape === "archive"
        ? { ...shape, searchable: [...(shape.searchable ?? []), { ns: "jabber:client", name: "subject" }] }
        : shape,
    );
    await using store = await harness.open(database());
    await store.declare(changed);
    await indexed(store);
    deepEqual([await find(store, "unsearched"), await find(store, "sorrow")], ["a complete", "a complete"]);
  });

  test("a large archive of one owner and small ones of many are found alike", async () => {
    await using store = await fresh();
    const many = Array.from({ length: 3_000 }, (_, n) => said(romeo, `m${n}`, n, `common word${n % 50} number${n}`));
    const others = Array.from({ length: 300 }, (_, n) => said(`o${n}@y`, "1", n, "common treasure"));
    await store.commit([...many, ...others]);
    await store.commit([said(juliet, "1", 5, "treasure")]);
    await indexed(store);
    equal(await find(store, "treasure", juliet), "1 complete");
    equal(await find(store, "treasure"), "complete");
    const page = await store.page("messages", romeo, { max: 2, direction: "backward", text: "common word7" });
    equal(summary(page), "m2907 m2957 more");
    const count = await store.page("messages", romeo, {
      max: 0,
      direction: "forward",
      text: "common",
      countRows: true,
    });
    ok(count.found);
    equal(count.count, 3_000);
  });
}
