import assert from "node:assert/strict";
import { test } from "node:test";
import { moduleState } from "./module-state.ts";

const planted = [
  "let count = 0;",
  "export let count = 0;",
  "var count = 0;",
  "const seen = new Map<string, number>();",
  "const seen: Map<string, number> = new Map();",
  "export const seen = new WeakMap<object, string>();",
  "const list: string[] = [];",
  "const cache: Record<string, string> = {};",
];
const fine = [
  "const max = 3;",
  `const names = new Set(["a", "b"]);`,
  'const one: readonly string[] = ["a"];',
  "const none: readonly string[] = [];",
  "const none: ReadonlySet<string> = new Set();",
  "function f() {\n  let count = 0;\n  return count;\n}",
  "/*\nlet count = 0;\n*/",
  "const text = `\nlet count = 0;\n`;",
];

for (const text of planted) {
  test(`is state: ${text}`, () => {
    assert.equal(moduleState([{ path: "kit/a.ts", text: `import x from "y";\n${text}\n` }])[0]?.line, 2);
  });
}
for (const text of fine) {
  test(`is no state: ${JSON.stringify(text)}`, () => {
    assert.deepEqual(moduleState([{ path: "kit/a.ts", text }]), []);
  });
}

test("tests and tools may have state", () => {
  assert.deepEqual(
    moduleState([
      { path: "kit/a.test.ts", text: "let x = 0;" },
      { path: "tools/a.ts", text: "let x = 0;" },
    ]),
    [],
  );
});
