import assert from "node:assert/strict";
import { test } from "node:test";
import { corpusFolder, readKept } from "./engine/kept-inputs.ts";
import { readRegressions } from "./engine/regressions.ts";
import { loadTarget, targetNames } from "./engine/targets.ts";

for (const name of targetNames()) {
  const target = await loadTarget(name);

  for (const { name: file, input } of readRegressions(name)) {
    test(`${name}: what ${file} found stays found`, () => target.run(input));
  }

  test(`${name}: nothing is found by the seeds and by the inputs that are kept`, () => {
    const kept = readKept(corpusFolder, name);
    assert.ok(kept.length > 0, `run npm run fuzz -- ${name} --keep`);
    for (const input of [...target.seeds, ...kept]) target.run(input);
  });
}
