import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { plantedBugs } from "./planted-bugs.ts";

for (const { name, path, find, put } of plantedBugs)
  test(`${name} can be planted: its text stands in ${path} once`, () => {
    const parts = readFileSync(join(import.meta.dirname, "../..", path), "utf8").split(find);
    assert.equal(parts.length, 2);
    assert.notEqual(find, put);
  });
