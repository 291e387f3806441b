import assert from "node:assert/strict";
import { test } from "node:test";
import { documentLinks } from "./document-links.ts";

const adr = { path: "docs/adr/0001-node.md", text: "# 0001 Node, and `types`\n\n## Why now?\n" };
const paths = ["README.md", "docs/adr/0001-node.md", "protocol/jid/jid.ts"];

const good = [
  "docs/adr/0001-node.md",
  "docs/adr",
  "docs/adr/",
  "protocol/jid/jid.ts",
  "https://xmpp.org/",
  "mailto:a@example.org",
  "#here",
  "docs/adr/0001-node.md#why-now",
  "docs/adr/0001-node.md#0001-node-and-types",
];
for (const link of good) {
  test(`leads somewhere: ${link}`, () => {
    assert.deepEqual(documentLinks([adr, { path: "README.md", text: `# Here\n[x](${link})` }], paths), []);
  });
}

for (const link of ["docs/0002.md", "docs/adr/0001-node.md#nowhere", "#nowhere"]) {
  test(`leads nowhere: ${link}`, () => {
    const found = documentLinks([adr, { path: "README.md", text: `# Here\n\n[x](${link})` }], paths);
    assert.equal(found.length, 1);
    assert.equal(found[0]?.line, 3);
  });
}

test("links are relative to the document", () => {
  assert.deepEqual(documentLinks([{ ...adr, text: "[x](../../README.md)" }], paths), []);
  assert.equal(documentLinks([{ ...adr, text: "[x](README.md)" }], paths).length, 1);
});

test("brackets in code are no links", () => {
  assert.deepEqual(documentLinks([{ path: "README.md", text: "`a[0](b)`\n```ts\na[0](b)\n```\n" }], paths), []);
});
