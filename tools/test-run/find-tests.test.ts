import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseTests } from "./find-tests.ts";

const paths = [
  "kit/events.ts",
  "kit/events.test.ts",
  "testing/lab/slixmpp.test.ts",
  "server/bind.test.ts",
  "protocol/jid/jid.test.ts",
];

test("every test outside the lab is run, the slow folders' first", () => {
  assert.deepEqual(chooseTests(paths, []), ["server/bind.test.ts", "kit/events.test.ts", "protocol/jid/jid.test.ts"]);
});

test("words choose among the paths", () => {
  assert.deepEqual(chooseTests(paths, ["jid", "bind"]), ["server/bind.test.ts", "protocol/jid/jid.test.ts"]);
  assert.deepEqual(chooseTests(paths, ["no such"]), []);
});

test("a word cannot bring the lab in", () => {
  assert.deepEqual(chooseTests(paths, ["slixmpp"]), []);
});
