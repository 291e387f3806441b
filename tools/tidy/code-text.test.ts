import assert from "node:assert/strict";
import { test } from "node:test";
import { lineOf, readCode } from "./code-text.ts";

const cases = [
  { name: "code stays", text: "let a = 1;", code: "let a = 1;" },
  { name: "a line comment goes", text: "a // b\nc", code: "a     \nc", comments: "  // b\n " },
  {
    name: "a block comment goes and its lines stay",
    text: "a /* b\n*/ c",
    code: "a     \n   c",
    comments: "  /* b\n*/  ",
  },
  { name: "what a string says goes, its quotes stay", text: `f("a'b", 'c')`, code: `f("   ", ' ')` },
  { name: "an escaped quote does not end a string", text: String.raw`f("a\"b") + 1`, code: `f("    ") + 1` },
  { name: "code inside a template stays", text: "`a ${b + `c${d}`} e` + f", code: "`  ${b + ` ${d}`}  ` + f" },
  { name: "braces inside a template's code are its own", text: "`${ {a: 1} } x` + y", code: "`${ {a: 1} }  ` + y" },
  { name: "comment marks in a string are none", text: `a = "// b" + c`, code: `a = "    " + c` },
  { name: "a regular expression goes", text: `x.match(/["'\\/]/u) + y`, code: "x.match(/       u) + y" },
  { name: "a division is not a regular expression", text: "a / b / c", code: "a / b / c" },
  { name: "a comment that never ends goes", text: "a /* b", code: "a     ", comments: "  /* b" },
];

for (const { name, text, code, comments } of cases) {
  test(name, () => {
    const read = readCode(text);
    assert.equal(read.code, code);
    if (comments !== undefined) assert.equal(read.comments, comments);
    assert.equal(read.comments.length, text.length);
  });
}

test("a place has a line", () => {
  assert.equal(lineOf("a\nb\nc", 0), 1);
  assert.equal(lineOf("a\nb\nc", 2), 2);
  assert.equal(lineOf("a\nb\nc", 4), 3);
});
