import assert from "node:assert/strict";
import { test } from "node:test";
import { StringPool, unpooled } from "./string-pool.ts";

test("a pool gives what stands in the text, whatever it holds", () => {
  const text = Array.from({ length: 3000 }, (_, index) => `name-${index * 7919}`).join("");
  for (const pool of [new StringPool(0), new StringPool(4), new StringPool(), unpooled]) {
    for (let start = 0; start < text.length; start += 3) {
      for (const length of [0, 1, 2, 7, 30, 96, 97, 200]) {
        const end = Math.min(start + length, text.length);
        assert.equal(pool.take(text, start, end), text.slice(start, end));
      }
    }
  }
});
