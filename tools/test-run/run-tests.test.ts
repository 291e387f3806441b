import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const passing = `import { test } from "node:test"; test("fine", () => {});`;
const cases = [
  { name: "a passing test passes", files: { "a.test.ts": passing }, passed: true, says: "ℹ pass 1" },
  { name: "no test file at all fails", files: { "a.ts": passing }, passed: false, says: "no test was run" },
  {
    name: "words that choose nothing fail",
    files: { "a.test.ts": passing },
    words: ["b"],
    passed: false,
    says: "no test was run",
  },
  {
    name: "words leave other files out",
    files: { "a.test.ts": passing, "b.test.ts": "throw 1" },
    words: ["a.t"],
    passed: true,
    says: "ℹ tests 1",
  },
  {
    name: "a file without a test fails",
    files: { "a.test.ts": passing, "b.test.ts": "export {};" },
    passed: false,
    says: "b.test.ts: the file holds no test",
  },
  {
    name: "a file that throws fails",
    files: { "a.test.ts": `throw new Error("oh")` },
    passed: false,
    says: "Error: oh",
  },
  {
    name: "a failing test fails and tells why",
    files: { "a.test.ts": passing.replace("{}", `{ throw new Error("oh"); }`) },
    passed: false,
    says: "Error: oh",
  },
  {
    name: "a failing hook is told",
    files: { "a.test.ts": `import { before } from "node:test"; before(() => { throw new Error("oh"); }); ${passing}` },
    passed: false,
    says: "Error: oh",
  },
  {
    name: "a failing hook of a suite is told",
    files: {
      "a.test.ts": `import { before, describe } from "node:test"; describe("s", () => { before(() => { throw new Error("oh"); }); it(); }); function it() { ${passing.slice(34)} } import { test } from "node:test";`,
    },
    passed: false,
    says: "Error: oh",
  },
  {
    name: "a skipped test fails",
    files: { "a.test.ts": passing.replace("test(", "test.skip(") },
    passed: false,
    says: `"fine" was skipped`,
  },
  {
    name: "a test to do fails",
    files: { "a.test.ts": passing.replace("test(", "test.todo(") },
    passed: false,
    says: `"fine" is still to do`,
  },
  {
    name: "a test singled out fails",
    files: { "a.test.ts": passing.replace("test(", "test.only(") },
    passed: false,
    says: "singled out",
  },
  {
    name: "what the lab tests need is not tried here",
    files: { "testing/lab/a.test.ts": "throw 1", "a.test.ts": passing },
    passed: true,
    says: "ℹ tests 1",
  },
];

for (const { name, files, words = [], passed, says } of cases) {
  test(name, () => {
    const result = runIn(files, words);
    assert.equal(result.passed, passed, result.output);
    assert.match(result.output, new RegExp(RegExp.escape(says), "u"));
  });
}

/** Runs planted files in a process of its own: the runner refuses to run inside a test. */
function runIn(
  files: Readonly<Record<string, string | undefined>>,
  words: readonly string[],
): { passed: boolean; output: string } {
  const root = mkdtempSync(join(tmpdir(), "balcony-run-tests-"));
  try {
    writeFileSync(join(root, "package.json"), `{ "type": "module" }`);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(root, path, ".."), { recursive: true });
      writeFileSync(join(root, path), text ?? "");
    }
    const program = `
      const { runTests } = await import(${JSON.stringify(join(import.meta.dirname, "run-tests.ts"))});
      const passed = await runTests({ root: ${JSON.stringify(root)}, words: ${JSON.stringify(words)}, print: console.log });
      process.exitCode = passed ? 0 : 1;`;
    writeFileSync(join(root, "main.ts"), program);
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawnSync(process.execPath, [join(root, "main.ts")], { env, encoding: "utf8" });
    return { passed: child.status === 0, output: child.stdout + child.stderr };
  } finally {
    rmSync(root, { recursive: true });
  }
}
