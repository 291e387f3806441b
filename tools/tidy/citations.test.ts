import assert from "node:assert/strict";
import { test } from "node:test";
import { citations, knownRequirements } from "./citations.ts";

const registry = [
  { path: "spec/rfc6120.json", text: '{ "4.3.3-02": "MUST", "A.1.2-01": "SHOULD" }' },
  { path: "spec/xep0191.json", text: '{ "3-01": "MUST" }' },
];

for (const id of ["rfc6120-4.3.3-02", "rfc6120-A.1.2-01", "xep0191-3-01"]) {
  test(`${id} is a requirement`, () => {
    assert.deepEqual(citations([...registry, { path: "kit/a.ts", text: `// See [${id}].` }]), []);
  });
}

for (const id of [
  "rfc6120-4.3.3-03",
  "rfc6120-4.3.3-2",
  "rfc6120-4.3.3",
  "rfc6120/bind-gen",
  "rfc612-4.3-01",
  "xep191-3-01",
  "xep0999-3-01",
]) {
  test(`${id} is none`, () => {
    const found = citations([...registry, { path: "docs/a.md", text: `\n[${id}]` }]);
    assert.equal(found.length, 1);
    assert.equal(found[0]?.line, 2);
  });
}

test("links are no citations", () => {
  assert.deepEqual(citations([{ path: "docs/a.md", text: "[rfc6120](https://example.org/) and [RFC 6120]" }]), []);
});

test("the registry gives each requirement its level", () => {
  assert.equal(knownRequirements(registry).get("rfc6120-A.1.2-01"), "SHOULD");
});
