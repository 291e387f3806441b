import assert from "node:assert/strict";
import type { StreamEvent } from "#protocol/xml/recorded-stream.ts";

/** As `deepEqual` of node:assert, which takes many times as long to see that two are the same. */
export function equalEvents(
  actual: readonly StreamEvent[],
  expected: readonly StreamEvent[],
  message = "the events differ",
): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) assert.deepEqual(actual, expected, message);
}
