import assert from "node:assert/strict";
import { test } from "node:test";
import { shrink } from "./shrink.ts";

test("what it does not need is left out", () => {
  assert.equal(
    shrink("some <b> and some <c>", (text) => text.includes("<b>")),
    "<b>",
  );
  assert.equal(
    shrink("aXbYc", (text) => /X.*Y/u.test(text)),
    "XY",
  );
});

test("it asks no more often than it may", () => {
  let asked = 0;
  shrink("x".repeat(1_000), () => ++asked < 0, 50);
  assert.equal(asked, 50);
});
