import assert from "node:assert/strict";
import { test } from "node:test";
import { deadFiles } from "./dead-files.ts";

const orphan = { path: "kit/orphan.ts", text: "" };

test("a file that nothing imports is dead", () => {
  assert.deepEqual(
    deadFiles([orphan, { path: "kit/a.test.ts", text: "" }]).map(({ path }) => path),
    ["kit/orphan.ts"],
  );
});

test("naming itself does not save a file", () => {
  assert.equal(deadFiles([{ path: "kit/orphan.ts", text: 'const me = "./orphan.ts";' }]).length, 1);
});

const ways = [
  { path: "kit/a.test.ts", text: 'import { x } from "./orphan.ts";' },
  { path: "kit/a.test.ts", text: 'import type { X } from "#kit/orphan.ts";' },
  { path: "kit/a.test.ts", text: 'new Worker(new URL("./orphan.ts", import.meta.url));' },
  { path: "kit/a.test.ts", text: 'const x = await import("./orphan.ts");' },
  { path: "package.json", text: '{ "scripts": { "x": "node kit/orphan.ts" } }' },
  { path: "balcony", text: 'cd "$here" && exec node kit/orphan.ts' },
];
for (const way of ways) {
  test(`${way.path} keeps a file alive by ${way.text}`, () => {
    assert.deepEqual(deadFiles([orphan, way]), []);
  });
}
