import assert from "node:assert/strict";
import { test } from "node:test";
import { compareGenerated } from "./compare.ts";

const generated = new Map([["a/b.generated.ts", "new"]]);

test("what is as it should be is not stale", () => {
  assert.deepEqual(compareGenerated(generated, [{ path: "a/b.generated.ts", text: "new" }]), []);
});

test("an old, a missing and an orphaned file are stale", () => {
  assert.deepEqual(compareGenerated(generated, [{ path: "a/b.generated.ts", text: "old" }]), [
    { path: "a/b.generated.ts", text: "new", why: "is out of date" },
  ]);
  assert.deepEqual(compareGenerated(generated, [{ path: "a/hand.ts", text: "old" }]), [
    { path: "a/b.generated.ts", text: "new", why: "is missing" },
  ]);
  assert.deepEqual(compareGenerated(new Map(), [{ path: "a/c.generated.ts", text: "old" }]), [
    { path: "a/c.generated.ts", text: undefined, why: "is written by no generator" },
  ]);
});
