import assert from "node:assert/strict";
import { test } from "node:test";
import { packages } from "./packages.ts";

test("a package may be used at home", () => {
  assert.deepEqual(
    packages([{ path: "protocol/sasl/a.ts", text: 'import { sha256 } from "@noble/hashes/sha2.js";' }]),
    [],
  );
});

test("a package may not be used elsewhere", () => {
  assert.match(
    packages([{ path: "protocol/sasl/a.ts", text: 'import { z } from "zod";' }])[0]?.message ?? "",
    /place is elsewhere/u,
  );
});

test("an unknown package may not be used", () => {
  assert.match(
    packages([{ path: "server/a.ts", text: 'import leftPad from "left-pad";' }])[0]?.message ?? "",
    /no one has decided/u,
  );
});

test("what package.json lists is imported, or known as a tool", () => {
  const manifest = {
    path: "package.json",
    text: '{ "dependencies": { "pg": "8" }, "devDependencies": { "oxlint": "1", "left-pad": "1" } }',
  };
  const messages = packages([manifest, { path: "server/storage/a.ts", text: "" }]).map(({ message }) => message);
  assert.equal(messages.length, 2);
  assert.match(messages[0] ?? "", /pg, which nothing imports/u);
  assert.match(messages[1] ?? "", /left-pad, which tools/u);
  assert.equal(packages([manifest, { path: "server/storage/a.ts", text: 'import pg from "pg";' }]).length, 1);
});
