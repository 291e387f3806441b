import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { compareText, prefixEnd } from "./text-order.ts";

const texts = [
  "",
  "a",
  "aa",
  "b",
  "é",
  "\ud7ff",
  "\ue000",
  "\uffff",
  "\u{10000}",
  "\u{10000}a",
  "😀",
  "\u{10ffff}",
  "\u{10ffff}z",
];

test("text compares as its UTF-8 bytes do", () => {
  for (const a of texts) {
    for (const b of texts)
      equal(Math.sign(compareText(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)), `${a} ${b}`);
  }
});

test("the end of a prefix lies behind all that begins with it, and no further", () => {
  const ends = ["a", "az", "\ud7ff", "\uffff", "😀", "a\u{10ffff}", "\u{10ffff}", ""].map((prefix) =>
    prefixEnd(prefix),
  );
  deepEqual(ends, ["b", "a{", "\ue000", "\u{10000}", "😁", "b", undefined, undefined]);
  for (const prefix of texts) {
    const end = prefixEnd(prefix);
    ok(end === undefined || compareText(`${prefix}\u{10ffff}\u{10ffff}`, end) < 0);
    ok(end === undefined || end.isWellFormed());
  }
});
