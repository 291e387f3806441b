// The rules of the house that a compiler or linter does not hold. Each rule is a file in tidy/, with a test that shows it bites.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { compareGenerated } from "./generate/compare.ts";
import { generateAll } from "./generate/generators.ts";
import { arrows } from "./tidy/arrows.ts";
import { bannedWords } from "./tidy/banned-words.ts";
import { citations } from "./tidy/citations.ts";
import { cycles } from "./tidy/cycles.ts";
import { deadFiles } from "./tidy/dead-files.ts";
import { documentLinks } from "./tidy/document-links.ts";
import { featureFolders } from "./tidy/feature-folders.ts";
import { fileLengths, lengthFigures } from "./tidy/file-lengths.ts";
import { moduleState } from "./tidy/module-state.ts";
import { packages } from "./tidy/packages.ts";
import { listFiles, readSources } from "./tidy/source-files.ts";
import { threatNames } from "./tidy/threat-names.ts";
import { threatTests } from "./tidy/threat-tests.ts";
import { showViolation, type Rule } from "./tidy/violation.ts";

const root = join(import.meta.dirname, "..");
const files = readSources(root);
const longFiles = JSON.parse(readFileSync(join(import.meta.dirname, "tidy/long-files.json"), "utf8")) as Readonly<
  Record<string, number>
>;

const rules: readonly { readonly name: string; readonly rule: Rule }[] = [
  { name: "import arrows point down", rule: arrows },
  { name: "no file needs itself", rule: cycles },
  { name: "packages are used where they belong, and all are used", rule: packages },
  { name: "no file grows beyond 600 lines", rule: (all) => fileLengths(all, longFiles) },
  { name: "banned words are not used", rule: bannedWords },
  { name: "nothing at module scope changes", rule: moduleState },
  { name: "no file is dead", rule: deadFiles },
  { name: "every feature's folder is complete", rule: featureFolders },
  { name: "links between documents lead somewhere", rule: (all) => documentLinks(all, listFiles(root)) },
  { name: "cited requirements are in the registry", rule: citations },
  { name: "cited threats are explained", rule: threatNames },
  { name: "threats to what exists are tested by name", rule: threatTests },
];

test("the rules see the repository", () => {
  for (const path of ["package.json", "README.md", "protocol/assert.ts", "tools/tidy.test.ts"])
    assert.ok(
      files.some((file) => file.path === path),
      path,
    );
});

for (const { name, rule } of rules) {
  test(name, () => {
    const found = rule(files).map(showViolation);
    assert.equal(found.length, 0, `\n${found.join("\n")}`);
  });
}

test("generated files are fresh", async () => {
  const stale = compareGenerated(await generateAll(root), files).map(({ path, why }) => `${path} ${why}`);
  assert.equal(stale.length, 0, `\n${stale.join("\n")}\nrun npm run generate`);
});

test("half of the files are short", (t) => {
  const { files: count, median, p95, max } = lengthFigures(files);
  t.diagnostic(
    `${count} hand-written programs without tests: median ${median}, 95th percentile ${p95}, longest ${max} lines`,
  );
  assert.ok(median <= 120, `the median is ${median} lines`);
  assert.ok(p95 <= 450, `the 95th percentile is ${p95} lines`);
});
