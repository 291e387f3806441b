import assert from "node:assert/strict";
import { test } from "node:test";
import { roomsOfTests, threatTests } from "./threat-tests.ts";

const list = { path: "docs/threats.md", text: "| A1 | Bombs |\n| A2 | Files |\n| S3 | Rooms |\n" };
const tests = { path: "server/link/a.test.ts", text: 'test("A1 A2 is refused", () => {});\ntest(`A2 ${name}`, f);' };
const other = { path: "xep/0001-x/b.test.ts", text: "  { name: 'A2 in a row', sends: 1 }" };

function messages(waiting: Readonly<Record<string, string>>): readonly string[] {
  return threatTests([list, tests, other], waiting).map(({ message }) => message);
}

test("all is well when each has a test or waits for something", () => {
  assert.deepEqual(messages({ S3: "rooms" }), []);
});

test("what has neither a test nor a reason is found", () => {
  assert.match(messages({}).join(), /^no test's name begins with S3, [^,]*$/);
});

test("what is said to wait and has a test is found", () => {
  assert.match(messages({ S3: "rooms", A1: "files" }).join(), /^A1 waits for nothing: server\/link tests it$/);
});

test("rooms are told in order, each once", () => {
  assert.deepEqual(roomsOfTests([tests, other, list]).get("A2"), ["server/link", "xep/0001-x"]);
});
