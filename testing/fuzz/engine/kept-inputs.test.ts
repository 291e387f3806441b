import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { keptBytesMax, readKept, writeKept } from "./kept-inputs.ts";

test("inputs of all bytes are kept in ASCII, as many as there is room for", () => {
  const folder = mkdtempSync(join(tmpdir(), "kept-"));
  try {
    const everyByte = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join("");
    assert.deepEqual(readKept(folder, "a"), []);
    assert.equal(writeKept(folder, "a", ["", everyByte, "x"]), 3);
    assert.deepEqual(readKept(folder, "a"), ["", everyByte, "x"]);
    assert.match(readFileSync(join(folder, "a.jsonl"), "utf8"), /^[\n -~]*$/u);
    assert.equal(writeKept(folder, "a", ["short", "y".repeat(keptBytesMax), "z"]), 2);
    assert.deepEqual(readKept(folder, "a"), ["short", "z"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
