import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArchivePage, StoreError } from "#kit/storage.ts";
import type { AccountStore } from "./account-store.ts";
import { pagesInTurn } from "./pages-in-turn.ts";

const empty: ArchivePage = { found: true, rows: [], complete: true, first: undefined, last: undefined, count: 0 };
const query = { max: 10, direction: "forward" } as const;

/** A store whose reads end when told. */
function slowStore(): {
  readonly store: AccountStore;
  readonly open: { readonly owner: string; readonly end: () => void }[];
} {
  const open: { readonly owner: string; readonly end: () => void }[] = [];
  const page: AccountStore["page"] = (_, owner) =>
    new Promise((resolve) => void open.push({ owner, end: () => resolve(empty) }));
  const unused = (): never => assert.fail("only pages are read");
  return { store: pagesInTurn({ page, load: unused, commit: unused }), open };
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test("A15 however many pages of an owner's archives are asked for, four are read at a time, and all are in their turn", async () => {
  const { store, open } = slowStore();
  const answered: number[] = [];
  const all = Array.from({ length: 100 }, async (_, at) => {
    await store.page("archive", "romeo", query);
    answered.push(at);
  });
  const other = store.page("archive", "juliet", query);
  await turn();
  assert.deepEqual(open.map(({ owner }) => owner).toSorted(), ["juliet", "romeo", "romeo", "romeo", "romeo"]);
  open.find(({ owner }) => owner === "juliet")?.end();
  await other;
  for (let at = 0; at < open.length; at += 1) {
    open[at]?.end();
    await turn();
    assert.ok(open.filter(({ owner }) => owner === "romeo").length - answered.length <= 4);
  }
  await Promise.all(all);
  assert.deepEqual(
    answered,
    Array.from({ length: 100 }, (_, at) => at),
  );
});

test("A15 when too many wait already, one more fails, and those that wait go on", async () => {
  const { store, open } = slowStore();
  const all = Array.from({ length: 504 }, () => store.page("archive", "romeo", query));
  await assert.rejects(store.page("archive", "romeo", query), (error: StoreError) => error.kind === "too-busy");
  await turn();
  for (let at = 0; at < 504; at += 1) {
    open[at]?.end();
    await turn();
  }
  await Promise.all(all);
  const again = store.page("archive", "romeo", query);
  await turn();
  open.at(-1)?.end();
  assert.equal((await again).found, true);
});
