import assert from "node:assert/strict";
import { test } from "node:test";
import { cycles } from "./cycles.ts";

function imports(path: string, ...specifiers: readonly string[]) {
  return { path, text: specifiers.map((specifier) => `import { x } from "${specifier}";`).join("\n") };
}

test("files that build on one another in one direction are fine", () => {
  assert.deepEqual(
    cycles([imports("kit/a.ts", "./b.ts", "./c.ts"), imports("kit/b.ts", "./c.ts"), imports("kit/c.ts")]),
    [],
  );
});

test("a cycle is shown once, with its detour", () => {
  const found = cycles([
    imports("kit/a.ts", "./b.ts"),
    imports("kit/b.ts", "#kit/c.ts"),
    imports("kit/c.ts", "./a.ts"),
  ]);
  assert.equal(found.length, 1);
  assert.match(found[0]?.message ?? "", /kit\/a\.ts → kit\/b\.ts → kit\/c\.ts → kit\/a\.ts/u);
});

for (const text of [
  `import type { A } from "./a.ts";`,
  `import { type A, type B } from "./a.ts";`,
  `import {\n  type A,\n  type B,\n} from "./a.ts";`,
  `export type { A } from "./a.ts";`,
  `import type * as A from "./a.ts";`,
]) {
  test(`types of the kit may speak of one another, others may not: ${JSON.stringify(text)}`, () => {
    assert.deepEqual(cycles([imports("kit/a.ts", "./b.ts"), { path: "kit/b.ts", text }]), []);
    assert.equal(cycles([imports("server/a.ts", "./b.ts"), { path: "server/b.ts", text }]).length, 1);
  });
}

for (const text of [
  `import { type A, b } from "./a.ts";`,
  `import "./a.ts";`,
  `export { b } from "./a.ts";`,
  `import type { C } from "./c.ts";\nimport { b } from "./a.ts";`,
  `const a = await import("./a.ts");`,
]) {
  test(`values may not, anywhere: ${JSON.stringify(text)}`, () => {
    assert.equal(cycles([imports("kit/a.ts", "./b.ts"), { path: "kit/b.ts", text }]).length, 1);
  });
}
