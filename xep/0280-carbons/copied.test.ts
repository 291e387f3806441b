import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJid } from "#protocol/jid/jid.ts";
import { CopiedMessages } from "./copied.ts";

const juliet = parseJid("juliet@capulet.example/balcony") ?? assert.fail();
const nurse = parseJid("nurse@capulet.example") ?? assert.fail();

test("what was copied is known by its id and the person, whatever the device", () => {
  const copied = new CopiedMessages(10);
  copied.remember("1", juliet);
  assert.ok(copied.has("1", parseJid("juliet@capulet.example") ?? assert.fail()));
  assert.ok(!copied.has("1", nurse));
  assert.ok(!copied.has("2", juliet));
  assert.ok(!copied.has(undefined, juliet));
});

test("A12 no more is remembered than the bound, and the oldest goes first", () => {
  const copied = new CopiedMessages(2);
  for (const id of ["1", "2", "3"]) copied.remember(id, juliet);
  copied.remember("x".repeat(300), juliet);
  copied.remember(undefined, juliet);
  assert.deepEqual(
    ["1", "2", "3", "x".repeat(300)].map((id) => copied.has(id, juliet)),
    [false, true, true, false],
  );
});
