import assert from "node:assert/strict";
import { test } from "node:test";
import type { LoadedOwner } from "#kit/storage.ts";
import { WriteJournal } from "./write-journal.ts";

const owner = "juliet@capulet.example";

function loaded(entries: Readonly<Record<string, string>>): LoadedOwner {
  return new Map([["notes", new Map(Object.entries(entries))]]);
}

/** One value that is written several times, a batch each: what it was ahead of each, and which of the batches failed. */
const cases: readonly {
  readonly what: string;
  readonly formers: readonly (string | undefined)[];
  /** Which batches fail. */
  readonly fail: readonly number[];
  readonly stored: Readonly<Record<string, string>>;
  readonly should: string | undefined;
  readonly writes: number;
}[] = [
  { what: "what is durable stays", formers: ["a"], fail: [], stored: { key: "b" }, should: "b", writes: 0 },
  { what: "what failed and is not there", formers: ["a"], fail: [1], stored: { key: "a" }, should: "a", writes: 0 },
  { what: "what failed and is there", formers: ["a"], fail: [1], stored: { key: "b" }, should: "a", writes: 1 },
  { what: "what was new goes", formers: [undefined], fail: [1], stored: { key: "b" }, should: undefined, writes: 1 },
  { what: "what was taken away comes back", formers: ["a"], fail: [1], stored: {}, should: "a", writes: 1 },
  {
    what: "of two failures the first",
    formers: ["a", "b"],
    fail: [1, 2],
    stored: { key: "c" },
    should: "a",
    writes: 1,
  },
  { what: "a success behind a failure", formers: ["a", "b"], fail: [1], stored: { key: "c" }, should: "c", writes: 0 },
  { what: "a failure behind a success", formers: ["a", "b"], fail: [2], stored: { key: "c" }, should: "b", writes: 1 },
];

for (const { what, formers, fail, stored, should, writes } of cases)
  test(`of one value: ${what}`, () => {
    const journal = new WriteJournal();
    for (const [index, text] of formers.entries()) {
      journal.note({ store: "notes", key: "key", text: () => text });
      // What the batch writes behind its first write is its own.
      journal.note({ store: "notes", key: "key", text: () => "within the batch" });
      journal.begin(index + 1);
      journal.end(index + 1, fail.includes(index + 1));
    }
    const putBack = journal.putBack(owner, loaded(stored));
    assert.equal(putBack?.should.get("notes")?.get("key"), should);
    assert.equal(putBack?.writes.length, writes);
  });

test("what could not be put back is refused once, and tried again", () => {
  const journal = new WriteJournal();
  journal.note({ store: "notes", key: "key", text: () => "a" });
  journal.begin(1);
  journal.end(1, true);
  const stored = loaded({ key: "b", other: "o" });
  const op = { op: "set", store: "notes", owner, key: "key", value: "a" };
  assert.deepEqual(journal.putBack(owner, stored)?.writes, [op]);
  journal.begin(2);
  journal.end(2, true);
  assert.equal(journal.putBack(owner, stored), undefined);
  assert.equal(journal.isInDoubt, true);
  const again = journal.putBack(owner, stored);
  assert.deepEqual(again?.writes, [op]);
  assert.deepEqual(Object.fromEntries(again?.should.get("notes") ?? []), { key: "a", other: "o" });
  journal.begin(3);
  journal.end(3, false);
  assert.equal(journal.isInDoubt, false);
});

test("an account that was made anew gets nothing back of the one before", () => {
  const journal = new WriteJournal();
  journal.note({ store: "notes", key: "key", text: () => "a" });
  journal.begin(1);
  journal.end(1, true);
  journal.forget();
  assert.deepEqual(journal.putBack(owner, loaded({}))?.writes, []);
});
