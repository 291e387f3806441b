import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, test } from "node:test";

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
    name: "where all tests are run, what servers need is compiled ahead of them",
    files: {
      "cli/main.ts": `import { mkdirSync } from "node:fs"; mkdirSync(new URL("../asked-to-" + process.argv[2], import.meta.url));`,
      "a.test.ts": `import { test } from "node:test"; import { existsSync } from "node:fs"; import { setTimeout } from "node:timers/promises";
        test("asked", async () => { while (!existsSync(new URL("asked-to-compile", import.meta.url))) await setTimeout(10); });`,
    },
    passed: true,
    says: "ℹ pass 1",
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

for (const { name, files, words = [], passed, says } of cases)
  test(name, () => {
    const result = runIn(files, words);
    assert.equal(result.passed, passed, result.output);
    assert.match(result.output, new RegExp(RegExp.escape(says), "u"));
  });

/** What is said of a file that shares its process with others. */
const sharedCases: Readonly<Record<string, { readonly text: string; readonly says: string }>> = {
  "one that passes does": { text: passing, says: ": 1 test," },
  "one without a test fails": { text: "export {};", says: ": the file holds no test" },
  "one that throws fails": { text: `throw new Error("thrown there");`, says: "Error: thrown there" },
  "a failing test fails and tells why": {
    text: passing.replace("{}", `{ throw new Error("failed there"); }`),
    says: "Error: failed there",
  },
  "a failing hook is told": {
    text: `import { before } from "node:test"; before(() => { throw new Error("hooked there"); }); ${passing}`,
    says: "Error: hooked there",
  },
  "a skipped test fails": { text: passing.replace("test(", "test.skip("), says: `: "fine" was skipped` },
  "a test to do fails": { text: passing.replace("test(", "test.todo("), says: `: "fine" is still to do` },
  "a test singled out fails": {
    text: passing.replace("test(", "test.only("),
    says: ": a test is singled out with only",
  },
  "one that takes the process down fails": {
    text: `import { test } from "node:test"; test("fine", () => { process["exit"](3); });`,
    says: `: the process ended with 3 in "fine"`,
  },
  "one that waits for what never comes fails": {
    text: `import { test } from "node:test"; test("fine", () => new Promise(() => {}));`,
    says: `: nothing happened for 4 s in "fine"`,
  },
  "one that blocks its process for ever fails": {
    text: `import { test } from "node:test"; test("fine", () => {}); test("blocking", async () => { await null; for (;;); });`,
    says: `: nothing happened for 4 s in "blocking"`,
  },
  "one that does not end when it is asked to fails": {
    text: `import { test } from "node:test"; test("fine", () => new Promise(() => { process.on("SIGTERM", () => {}); setInterval(() => {}, 500); }));`,
    says: `: nothing happened for 4 s in "fine"`,
  },
  "one whose process leaves another behind that holds its output fails": {
    text: `import { spawn } from "node:child_process"; import { test } from "node:test"; test("fine", () => { const { pid } = spawn("sleep", ["300"], { stdio: "inherit" }); console.log("left behind: " + pid); process["exit"](4); });`,
    says: `: the process ended with 4 in "fine"`,
  },
  "one that leaves something open fails": {
    text: `${passing} setInterval(() => {}, 1000);`,
    says: `: nothing happened for 4 s after "fine"`,
  },
  "one that fails when its tests have passed fails, and tells why": {
    text: `${passing} setTimeout(() => { throw new Error("late there"); }, 20);`,
    says: "late there",
  },
  "one that changes the environment fails": {
    text: `${passing} const { env } = process; env.LEFT = "1";`,
    says: "changed, and visible to others: the environment's LEFT",
  },
  "one that leaves a global name fails": {
    text: `${passing} globalThis.left = 1;`,
    says: "changed, and visible to others: the global name left",
  },
};

describe("of files that share a process,", () => {
  const names = Object.keys(sharedCases);
  const pathOf = (name: string): string => `kit/file-${names.indexOf(name)}.test.ts`;
  const files = Object.fromEntries(Object.entries(sharedCases).map(([name, { text }]) => [pathOf(name), text]));
  let output = "";
  before(() => {
    const result = runIn({ ...files, "kit/last.test.ts": passing }, []);
    assert.equal(result.passed, false);
    ({ output } = result);
  });
  for (const [name, { says }] of Object.entries(sharedCases))
    test(name, () => {
      assert.match(output, new RegExp(RegExp.escape(says), "u"));
      const told = output.split("\n").filter((line) => line.includes(pathOf(name)));
      const failed = told.some((line) => line.startsWith("✖"));
      assert.equal(failed, name !== "one that passes does", output);
      if (says.startsWith(":"))
        assert.ok(
          told.some((line) => line.includes(`${pathOf(name)}${says}`)),
          output,
        );
    });
  test("what a process has left behind is ended with it", () => {
    const pid = /left behind: (\d+)/u.exec(output)?.[1];
    assert.notEqual(pid, undefined, output);
    assert.equal(isWorking(Number(pid)), false);
  });
  test("each of the others is run all the same", () => {
    assert.match(output, /✔ 18\/18 kit\/last\.test\.ts: 1 test,/u);
  });
});

/** One that has ended may still be listed, where nobody asked how it ended. */
function isWorking(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return process.platform !== "linux" || !/\) Z/u.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
}

type Files = Readonly<Record<string, string | undefined>>;

/** Runs planted files in a process of its own: the runner refuses to run inside a test. */
function runIn(files: Files, words: readonly string[]): { passed: boolean; output: string } {
  const root = mkdtempSync(join(tmpdir(), "balcony-run-tests-"));
  try {
    writeFileSync(join(root, "package.json"), `{ "type": "module" }`);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(root, path, ".."), { recursive: true });
      writeFileSync(join(root, path), text ?? "");
    }
    const program = `
      const { runTests } = await import(${JSON.stringify(join(import.meta.dirname, "run-tests.ts"))});
      const passed = await runTests({ root: ${JSON.stringify(root)}, words: ${JSON.stringify(words)}, print: console.log, silenceMsMax: 4_000 });
      process.exitCode = passed ? 0 : 1;`;
    writeFileSync(join(root, "main.ts"), program);
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawnSync(process.execPath, [join(root, "main.ts")], { env, encoding: "utf8" });
    return { passed: child.status === 0, output: child.stdout + child.stderr };
  } finally {
    rmSync(root, { recursive: true });
  }
}
