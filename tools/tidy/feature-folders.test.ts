import assert from "node:assert/strict";
import { test } from "node:test";
import { featureFolders } from "./feature-folders.ts";

const whole = [
  { path: "xep/0191-blocking/README.md", text: "# Blocking" },
  { path: "xep/0191-blocking/elements.ts", text: 'export const Block = element(NS, "block", {});' },
  { path: "xep/0191-blocking/server.ts", text: "" },
  { path: "xep/0191-blocking/server.test.ts", text: "" },
];

function without(end: string) {
  return whole.filter(({ path }) => !path.endsWith(end));
}

test("a whole feature is fine", () => {
  assert.deepEqual(featureFolders(whole), []);
});

const planted = [
  { name: "no README", files: without("README.md"), says: /no README/u },
  { name: "no test", files: without(".test.ts"), says: /no test/u },
  { name: "no program", files: whole.filter(({ path }) => /README|test/u.test(path)), says: /no program/u },
  {
    name: "elements elsewhere",
    files: [...whole, { path: "xep/0191-blocking/lists.ts", text: 'const List = element(NS, "list", {});' }],
    says: /belong into elements\.ts/u,
  },
  {
    name: "a name without a number",
    files: whole.map((file) => ({ ...file, path: file.path.replace("0191-", "") })),
    says: /NNNN-name/u,
  },
];
for (const { name, files, says } of planted) {
  test(`is found: ${name}`, () => {
    const found = featureFolders(files);
    assert.equal(found.length, 1);
    assert.match(found[0]?.message ?? "", says);
  });
}
