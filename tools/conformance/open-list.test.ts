import assert from "node:assert/strict";
import { test } from "node:test";
import { openList } from "./open-list.ts";
import { readRegistry } from "./registry.ts";
import { testFilesById } from "./written-ids.ts";

const statement = { level: "MUST", roles: ["server"], line: "It is so." };
const registry = readRegistry([
  {
    path: "spec/rfc6120.json",
    text: JSON.stringify({
      statements: [
        { ...statement, id: "rfc6120-1-01", section: "1" },
        { ...statement, id: "rfc6120-1-02", section: "1", line: "" },
        { ...statement, id: "rfc6120-1.1-01", section: "1.1", waitsFor: "client" },
        { ...statement, id: "rfc6120-11-01", section: "11", notOurs: "for authors" },
      ],
    }),
  },
  { path: "spec/xep0191.json", text: `{ "1-01": "MUST" }` },
]);
const tests = new Map([["rfc6120-1-01", ["kit/a.test.ts"]]]);

function list(section?: string, document = "rfc6120") {
  return openList({ registry, tests, places: new Map(), document, ...(section !== undefined && { section }) });
}

test("what is open, what waits, what has no line and what no program cites is listed", () => {
  const lines = list();
  assert.ok(lines.includes("open: 1"));
  assert.ok(lines.includes("  rfc6120-1-02 MUST [server]"));
  assert.ok(lines.includes("  rfc6120-1.1-01 MUST [server] It is so. (client)"));
  assert.ok(lines.includes("  rfc6120-1-01 MUST [server] It is so. kit/a.test.ts"));
  assert.match(
    lines.at(-1) ?? "",
    /^rfc6120: 4 statements: 1 in tests, 1 not ours, 1 open, 1 wait; 1 without a place/u,
  );
});

test("a section has those within it and not its namesakes", () => {
  assert.match(list("1").at(-1) ?? "", /^rfc6120 §1: 3 statements/u);
  assert.match(list("1.1").at(-1) ?? "", /: 1 statements/u);
});

test("a document with levels only says so", () => {
  assert.match(list(undefined, "xep0191").join("\n"), /^xep0191 is not covered statement by statement: rfc6120 are$/u);
});

test("an id in a table of a test counts, one in a comment does not", () => {
  const text = `const rows = [{ id: "rfc6120-1-01" }]; // rfc6120-1-02\ntest("it [rfc6120-1-03]");`;
  assert.deepEqual([...testFilesById([{ path: "kit/a.test.ts", text }]).keys()], ["rfc6120-1-01", "rfc6120-1-03"]);
});
