import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import { keyBytesMax } from "#kit/storage.ts";
import type { Store, Write } from "#kit/storage.ts";
import { AssertionFailed } from "#protocol/assert.ts";
import { append, failsWith, ids, insert, loaded, romeo, set, summary } from "./storage-fixtures.ts";
import type { Fresh } from "./storage-fixtures.ts";

const bugs: readonly { readonly name: string; readonly call: (store: Store) => Promise<unknown> }[] = [
  { name: "a store that is not declared", call: (store) => store.commit([set(romeo, "nowhere", "", "v")]) },
  { name: "a value set in an archive", call: (store) => store.commit([set(romeo, "messages", "", "v")]) },
  { name: "a row appended to a map", call: (store) => store.commit([append(romeo, "1", 1, "x", "roster")]) },
  {
    name: "a column that does not exist",
    call: (store) => store.commit([{ op: "upsert", store: "global", row: { name: "n", no: 1 } }]),
  },
  { name: "a row without its key", call: (store) => store.commit([{ op: "upsert", store: "global", row: { n: 1 } }]) },
  {
    name: "text in an integer column",
    call: (store) => store.commit([{ op: "upsert", store: "global", row: { name: "n", n: "1" } }]),
  },
  {
    name: "a fraction",
    call: (store) => store.commit([{ op: "upsert", store: "global", row: { name: "n", n: 0.5 } }]),
  },
  {
    name: "an unsafe integer",
    call: (store) => store.commit([{ op: "upsert", store: "global", row: { name: "n", n: 2 ** 53 } }]),
  },
  { name: "U+0000 in a value", call: (store) => store.commit([set(romeo, "roster", "k", "a\0b")]) },
  { name: "U+0000 in a key", call: (store) => store.get("roster", romeo, "a\0b") },
  { name: "a lone surrogate", call: (store) => store.commit([set(romeo, "roster", "k", "\ud800")]) },
  {
    name: "a search by a column that does not exist",
    call: (store) => store.select("global", { where: [{ column: "x", is: "=", value: 1 }], limit: 1 }),
  },
  {
    name: "an order by a column that does not exist",
    call: (store) => store.select("global", { where: [], orderBy: ['name" --'], limit: 1 }),
  },
  { name: "a page of a table", call: (store) => store.page("global", romeo, { max: 1, direction: "forward" }) },
  {
    name: "a page without a bound",
    call: (store) => store.page("messages", romeo, { max: Infinity, direction: "forward" }),
  },
];

export function refusalTests(fresh: Fresh): void {
  test("what only a bug can ask for is refused, and nothing happens", async (t) => {
    await using store = await fresh();
    for (const { name, call } of bugs) await t.test(name, () => rejects(call(store), AssertionFailed));
    await rejects(store.commit([set(romeo, "roster", "k", "v"), set(romeo, "nowhere", "", "v")]), AssertionFailed);
    deepEqual(await loaded(store, romeo), {});
  });

  test("a key is bounded in bytes, and the longest key works", async () => {
    await using store = await fresh();
    // Text that does not compress, so that the index entry of PostgreSQL has its full size.
    const noise = (bytes: number): string =>
      Array.from({ length: bytes }, (_, n) =>
        String.fromCodePoint(33 + (((n * n * 7919 + n * 104729) % 1009) % 90)),
      ).join("");
    const longest = noise(keyBytesMax - romeo.length - "roster".length);
    await store.commit([set(romeo, "roster", longest, "v")]);
    equal(await store.get("roster", romeo, longest), "v");
    await rejects(store.commit([set(romeo, "roster", `${longest}x`, "v")]), failsWith("too-large"));
    await rejects(store.commit([set(romeo, "roster", "é".repeat(keyBytesMax / 2), "v")]), failsWith("too-large"));
    const peer = `x@y/${noise(keyBytesMax - romeo.length - "messages".length - 5)}`;
    await store.commit([append(romeo, "1", 1, peer)]);
    equal(summary(await store.page("messages", romeo, { max: 1, direction: "forward", with: peer })), "1 complete");
    await rejects(store.commit([append(romeo, "1", 1, `${peer}x`)]), failsWith("too-large"));
  });
}

/** Each is a stumbling block of some encoding on the way: SQL, arrays, JSON, UTF-16. */
const awkwardTexts = [
  "",
  " ",
  "NULL",
  "null",
  "{}",
  "{a,b}",
  '"',
  "'",
  "\\",
  "\\x41",
  "a\\",
  "$1",
  "?1",
  "%",
  "_",
  "\n",
  "\r\n",
  "\t",
  "\u0001",
  "\u007f",
  "é",
  "e\u0301",
  "\u2028",
  "\ufeff",
  "\ufffd",
  "\uffff",
  "\ud7ff",
  "\ue000",
  "😀",
  "\u{10ffff}",
  "<a b='c'/>",
  "a".repeat(100_000),
];

export function textTests(fresh: Fresh): void {
  test("text comes back as it was, everywhere", async () => {
    await using store = await fresh();
    const short = awkwardTexts.filter((text) => text.length < 100);
    await store.commit([
      ...awkwardTexts.map((text, n) => set(romeo, "roster", String(n), text)),
      ...short.map((text) => set(`owner${text}`, "roster", text, text)),
      ...short.map((text): Write => ({
        op: "append",
        store: "messages",
        owner: romeo,
        id: `i${text}`,
        at: 1,
        with: `p${text}`,
        value: text,
      })),
      ...short.map((text): Write => ({ op: "upsert", store: "directory", row: { jid: text, room: "", city: text } })),
    ]);
    const back = await loaded(store, romeo);
    deepEqual(back["roster"], Object.fromEntries(awkwardTexts.map((text, n) => [String(n), text] as const)));
    for (const text of short) equal(await store.get("roster", `owner${text}`, text), text);
    const page = await store.page("messages", romeo, { max: 100, direction: "forward" });
    ok(page.found);
    deepEqual(
      new Set(page.rows.map(({ id, with: peer, value }) => `${id} ${peer} ${value}`)),
      new Set(short.map((text) => `i${text} p${text} ${text}`)),
    );
    for (const text of short) {
      const rows = await store.select("directory", { where: [{ column: "jid", is: "in", values: [text] }], limit: 9 });
      deepEqual(rows, [{ jid: text, room: "", city: text, age: 0 }]);
    }
    await store.commit([{ op: "remove", store: "messages", owner: romeo, ids: short.map((text) => `i${text}`) }]);
    deepEqual(await store.owners("messages", { limit: 1 }), []);
  });

  test("text is ordered by code point", async () => {
    await using store = await fresh();
    const ordered = ["A", "B", "a", "á", "\ud7ff", "\ue000", "\uffff", "\u{10000}", "😀", "\u{10ffff}"];
    const shuffled = ordered.toSorted((a, b) => Buffer.byteLength(a) - Buffer.byteLength(b) || (a < b ? 1 : -1));
    await store.commit(
      shuffled.flatMap((text) => [
        set(text, "roster", "", "v"),
        insert(text, "", "", 0),
        append(romeo, text, 1, "x"),
        set(romeo, "roster", text, ""),
      ]),
    );
    deepEqual(
      (await store.owners("roster", { limit: 20 })).filter((owner) => owner !== romeo),
      ordered,
    );
    deepEqual(
      (await store.select("directory", { where: [], limit: 20 })).map(({ jid }) => jid),
      ordered,
    );
    deepEqual(ids(await store.page("messages", romeo, { max: 20, direction: "forward" })), ordered);
    deepEqual([...((await store.load(romeo)).get("roster") ?? new Map()).keys()], ordered);
    const prefixed = { where: [{ column: "jid", is: "prefix", value: "\ud7ff" } as const], limit: 20 };
    deepEqual(
      (await store.select("directory", prefixed)).map(({ jid }) => jid),
      ["\ud7ff"],
    );
  });
}
