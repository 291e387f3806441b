import { ok, strictEqual } from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { detachString } from "./detach-string.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const chunks = 100;
const chunkBytes = 65_536;

function heapHeldBySlices(keep: (slice: string) => string): number {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const kept = Array.from({ length: chunks }, (_, i) => {
    const chunk = Buffer.alloc(chunkBytes, `<message to='juliet${i}@example.com/balcony'>`).toString("latin1");
    return keep(chunk.slice(13, 43));
  });
  collectGarbage();
  const held = process.memoryUsage().heapUsed - before;
  strictEqual(kept.length, chunks);
  return held;
}

test("a detached string lets go of the chunk it was cut from", () => {
  ok(
    heapHeldBySlices((slice) => slice) > (chunks * chunkBytes) / 2,
    "a slice holds its chunk, else this test shows nothing",
  );
  ok(heapHeldBySlices(detachString) < (chunks * chunkBytes) / 10);
});

for (const text of ["", "a", "juliet@example.com/balcony", "\u{1f600}ж", "\ud800"]) {
  test(`detaching ${JSON.stringify(text)} does not change it`, () => strictEqual(detachString(text), text));
}
