import assert from "node:assert/strict";
import { test } from "node:test";
import { prove } from "./engine/prove.ts";

test("a bug planted in a module, behind three conditions, is found with guidance and not without", async () => {
  const guided = await prove(true);
  assert.equal(guided.found, true, `not in ${guided.executions} executions`);
  const unguided = await prove(false, guided.executions);
  assert.equal(unguided.found, false, JSON.stringify(unguided.input));
  assert.ok(unguided.executions >= guided.executions);
});
