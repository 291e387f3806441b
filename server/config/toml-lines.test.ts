import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "smol-toml";
import { locateToml, type TomlPath } from "./toml-lines.ts";

const document = String.raw`# a comment with [header] and key = 1
title = "x" # trailing
site."google.com".name = 1
'literal key' = 2
"esc\u0061ped\tkey" = 3
multi = """
[not-a-header]
no = "key" \""" still
""""
literal = '''
also = 'not'
'''
list = [
  1, # one
  [2, "]"],
  { x = 1, y.z = 2 },
]
inline = { a = { b = [1,
  2] }, "c d" = 'e' }

[table]
a = 1979-05-27T07:32:00Z
a-b = -1.5e3
[table . "sub.table"]
c = true
[[hosts]]
domain = "one"
[hosts.contacts]
admin = []
[[hosts]]
domain = "two"
  [[hosts.inner]]
  k = 1
  [[hosts.inner]]
  k = 2
[after]
last = 1`;

const cases: readonly { path: TomlPath; line: number }[] = [
  { path: ["title"], line: 2 },
  { path: ["site"], line: 3 },
  { path: ["site", "google.com", "name"], line: 3 },
  { path: ["literal key"], line: 4 },
  { path: ["escaped\tkey"], line: 5 },
  { path: ["multi"], line: 6 },
  { path: ["literal"], line: 10 },
  { path: ["list"], line: 13 },
  { path: ["list", 0], line: 14 },
  { path: ["list", 1, 1], line: 15 },
  { path: ["list", 2, "y", "z"], line: 16 },
  { path: ["inline", "a", "b", 1], line: 19 },
  { path: ["inline", "c d"], line: 19 },
  { path: ["table"], line: 21 },
  { path: ["table", "a-b"], line: 23 },
  { path: ["table", "sub.table"], line: 24 },
  { path: ["table", "sub.table", "c"], line: 25 },
  { path: ["hosts", 0, "domain"], line: 27 },
  { path: ["hosts", 0, "contacts", "admin"], line: 29 },
  { path: ["hosts", 1], line: 30 },
  { path: ["hosts", 1, "domain"], line: 31 },
  { path: ["hosts", 1, "inner", 0, "k"], line: 33 },
  { path: ["hosts", 1, "inner", 1, "k"], line: 35 },
  { path: ["hosts", 1, "missing"], line: 30 },
  { path: ["table", "missing", "deeper"], line: 21 },
  { path: ["missing"], line: 1 },
  { path: ["after", "last"], line: 37 },
];

describe("the line of", () => {
  const { lineOf } = locateToml(document);
  for (const { path, line } of cases) {
    test(`${path.join(".")} is ${line}`, () => assert.equal(lineOf(path), line));
  }
});

test("every key that the TOML library finds has a line of its own or of an array around it", () => {
  const { has } = locateToml(document);
  const missing: TomlPath[] = [];
  const visit = (value: unknown, path: TomlPath): void => {
    if (path.length > 0 && !has(path)) missing.push(path);
    if (Array.isArray(value)) value.forEach((item, i) => visit(item, [...path, i]));
    else if (typeof value === "object" && value !== null && !(value instanceof Date)) {
      for (const [key, item] of Object.entries(value)) visit(item, [...path, key]);
    }
  };
  visit(parse(document), []);
  assert.deepEqual(missing, []);
});

test("the headers are listed in their order, without what looks like one in a string", () => {
  assert.deepEqual(
    locateToml(document).headers.map(({ path, line }) => `${line} ${path.join(".")}`),
    [
      "21 table",
      "24 table.sub.table",
      "26 hosts.0",
      "28 hosts.0.contacts",
      "30 hosts.1",
      "32 hosts.1.inner.0",
      "34 hosts.1.inner.1",
      "36 after",
    ],
  );
});

for (const broken of [
  "[",
  "[[",
  "a",
  "=",
  '"',
  "'''",
  "a = [",
  "a = {",
  "a = [1 2",
  "a = { b",
  "]",
  "}",
  "\u0000",
  'a = """x',
  ".",
  "a..b = 1",
  "a = { = }",
]) {
  test(`${JSON.stringify(broken)} comes to an end`, () =>
    assert.equal(typeof locateToml(broken).lineOf(["a"]), "number"));
}
