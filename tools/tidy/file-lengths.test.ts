import assert from "node:assert/strict";
import { test } from "node:test";
import { fileLengths, fileLinesMax, lengthFigures } from "./file-lengths.ts";

function lines(path: string, count: number) {
  return { path, text: "x;\n".repeat(count) };
}

test("a file as long as the bound is fine, one line more is not", () => {
  assert.deepEqual(fileLengths([lines("kit/a.ts", fileLinesMax)], {}), []);
  assert.match(
    fileLengths([lines("kit/a.ts", fileLinesMax + 1)], {})[0]?.message ?? "",
    /has 601 lines, 600 are allowed/u,
  );
});

test("generated files and documents may be long", () => {
  assert.deepEqual(fileLengths([lines("protocol/jid/t.generated.ts", 9000), lines("README.md", 9000)], {}), []);
});

test("an excepted file may keep its length but not grow", () => {
  assert.deepEqual(fileLengths([lines("kit/a.ts", 700)], { "kit/a.ts": 700 }), []);
  assert.match(
    fileLengths([lines("kit/a.ts", 701)], { "kit/a.ts": 700 })[0]?.message ?? "",
    /has 701 lines, 700 are allowed/u,
  );
});

test("the list of exceptions can only shrink", () => {
  assert.match(fileLengths([lines("kit/a.ts", 650)], { "kit/a.ts": 700 })[0]?.message ?? "", /has shrunk to 650/u);
  assert.match(fileLengths([lines("kit/a.ts", 100)], { "kit/a.ts": 700 })[0]?.message ?? "", /short enough/u);
  assert.match(fileLengths([], { "kit/a.ts": 700 })[0]?.message ?? "", /not there/u);
});

test("figures are of hand-written programs without tests", () => {
  const files = [
    lines("a.ts", 10),
    lines("b.ts", 20),
    lines("c.ts", 30),
    lines("c.test.ts", 500),
    lines("d.generated.ts", 900),
  ];
  assert.deepEqual(lengthFigures(files), { files: 3, median: 20, p95: 30, max: 30 });
});
