import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import type { PageQuery } from "#kit/storage.ts";
import { append, juliet, romeo, summary, withoutValues } from "./storage-fixtures.ts";
import type { Fresh } from "./storage-fixtures.ts";

const pageCases: readonly { readonly name: string; readonly query: Partial<PageQuery>; readonly expect: string }[] = [
  { name: "the first page", query: { max: 2 }, expect: "e a more" },
  { name: "the page behind an id", query: { max: 2, after: "a" }, expect: "d c more" },
  { name: "the last page", query: { max: 2, after: "c" }, expect: "b f complete" },
  { name: "an exact last page is complete", query: { max: 6 }, expect: "e a d c b f complete" },
  { name: "nothing lies behind the last id", query: { after: "f" }, expect: "complete" },
  { name: "the newest rows", query: { max: 2, direction: "backward" }, expect: "b f more" },
  {
    name: "the rows ahead of an id, from the end",
    query: { max: 2, direction: "backward", before: "b" },
    expect: "d c more",
  },
  {
    name: "the oldest page from the end",
    query: { max: 3, direction: "backward", before: "d" },
    expect: "e a complete",
  },
  { name: "between two ids", query: { after: "e", before: "b" }, expect: "a d c complete" },
  { name: "a time range is inclusive", query: { start: 20, end: 30 }, expect: "a d c complete" },
  { name: "from a time on, backward", query: { start: 20, max: 1, direction: "backward" }, expect: "f more" },
  { name: "a bare JID finds its resources", query: { with: "x@y" }, expect: "e a c complete" },
  { name: "a full JID finds itself alone", query: { with: "x@y/r" }, expect: "a complete" },
  { name: "a resource may hold a slash", query: { with: "x@y/r/s" }, expect: "c complete" },
  { name: "a JID that only begins alike is another", query: { with: "x@y.z" }, expect: "d complete" },
  { name: "a JID and a time and an id", query: { with: "x@y", start: 15, after: "a" }, expect: "c complete" },
  { name: "chosen ids", query: { ids: ["f", "a", "none"] }, expect: "a f complete" },
  { name: "no ids", query: { ids: [] }, expect: "complete" },
  { name: "max 0 with rows", query: { max: 0, countRows: true }, expect: "more count=6" },
  { name: "max 0 without rows", query: { max: 0, with: "none", countRows: true }, expect: "complete count=0" },
  {
    name: "the count is of the filter, not of the page",
    query: { max: 1, after: "a", with: "x@y", countRows: true },
    expect: "c complete count=3",
  },
  { name: "an id that is not there", query: { after: "zz" }, expect: "missing zz" },
  { name: "an id of another owner", query: { before: "j" }, expect: "missing j" },
];

export function archiveTests(fresh: Fresh): void {
  test("an archive is paged", async (t) => {
    await using store = await fresh();
    await store.commit([
      append(romeo, "c", 30, "x@y/r/s"),
      append(romeo, "e", 10, "x@y"),
      append(romeo, "a", 20, "x@y/r"),
      append(romeo, "d", 20, "x@y.z"),
      append(romeo, "b", 40, "z"),
      append(romeo, "f", 40, "z/q"),
      append(juliet, "j", 20, "x@y"),
      append(romeo, "o", 20, "x@y", "offline"),
    ]);
    for (const { name, query, expect } of pageCases) {
      await t.test(name, async () => {
        const page = await store.page("messages", romeo, { max: 10, direction: "forward", ...query });
        equal(summary(page), expect);
        const bare = await store.page("messages", romeo, {
          max: 10,
          direction: "forward",
          ...query,
          withoutValues: true,
        });
        deepEqual(bare, withoutValues(page));
      });
    }
    const row = { id: "a", at: 20, with: "x@y/r", value: "<body>a</body>" };
    const page = await store.page("messages", romeo, { max: 1, direction: "forward", after: "e" });
    ok(page.found);
    deepEqual([page.rows, page.first, page.last, page.count], [[row], "a", "a", undefined]);
  });

  test("archive rows are replaced by their id, removed, and cut off by age", async () => {
    await using store = await fresh();
    const all = async (): Promise<string> =>
      summary(await store.page("messages", romeo, { max: 9, direction: "forward" }));
    await store.commit(["a", "b", "c", "d"].map((id, n) => append(romeo, id, n * 10, "x")));
    await store.commit([append(romeo, "a", 25, "y"), append(romeo, "a", 35, "z")]);
    equal(await all(), "b c d a complete");
    equal(summary(await store.page("messages", romeo, { max: 9, direction: "forward", with: "x" })), "b c d complete");
    await store.commit([{ op: "remove", store: "messages", owner: romeo, ids: ["c", "none"] }]);
    equal(await all(), "b d a complete");
    await store.commit([{ op: "truncate", store: "messages", owner: romeo, before: 30 }]);
    equal(await all(), "d a complete");
    await store.commit([append(juliet, "a", 1, "x"), { op: "truncate", store: "messages", owner: romeo }]);
    equal(await all(), "complete");
    deepEqual(await store.owners("messages", { limit: 9 }), [juliet]);
  });
}
