import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readDataFile } from "./data-file.ts";

const statements = [1, 2, 3, 4, 5, 6, 7].map((number) => ({
  id: `rfc6120-1-0${number}`,
  level: "MUST",
  roles: ["server"],
  section: "1",
  line: "It is so.",
}));
const head = `import { describe, it, test } from "node:test";\n`;
const tree = {
  "package.json": `{ "type": "module" }`,
  "spec/rfc6120.json": JSON.stringify({ statements }),
  "kit/a.ts": "/** [rfc6120-1-01] */\nexport function a() { return 1; }",
  "kit/helper.ts": `${head}export function declare(name) { test(name, () => {}); }`,
  "kit/a.test.ts": `${head}import { declare } from "./helper.ts";
    describe("a suite [rfc6120-1-01]", () => { it("has", () => {}); });
    test("a test", async (t) => { await t.test("has [rfc6120-1-02]", () => {}); });
    declare("of a helper [rfc6120-1-03]");`,
};

test("what passing tests carry is written, and then fresh", (t) => {
  const root = plant(t, tree);
  const written = run(root, "write");
  assert.ok(written.passed, written.output);
  assert.deepEqual(testedIn(root), {
    "rfc6120-1-01": ["kit/a.test.ts: a suite [rfc6120-1-01] › has"],
    "rfc6120-1-02": ["kit/a.test.ts: a test › has [rfc6120-1-02]"],
    "rfc6120-1-03": ["kit/a.test.ts: of a helper [rfc6120-1-03]"],
  });
  assert.match(written.output, /rfc6120-1-02 \(kit\/a\.test\.ts\)/u, "what no program cites is told");
  const checked = run(root, "check");
  assert.ok(checked.passed, checked.output);
});

test("a table that other tests would make is stale", (t) => {
  const root = plant(t, tree);
  run(root, "write");
  add(root, "kit/b.test.ts", `${head}test("more [rfc6120-1-04]", () => {});`);
  const { passed, output } = run(root, "check");
  assert.ok(!passed);
  assert.match(output, /conformance\.json is out of date \(rfc6120-1-04: open there, tested here\): run npm run conf/u);
});

test("a table that is missing is stale", (t) => {
  const { passed, output } = run(plant(t, tree), "check");
  assert.ok(!passed);
  assert.match(output, /docs\/conformance\.md is missing/u);
});

test("a requirement that is no longer tested must be given up in so many words", (t) => {
  const root = plant(t, tree);
  run(root, "write");
  add(root, "kit/a.test.ts", `${head}test("only [rfc6120-1-01]", () => {});`);
  for (const mode of ["check", "write"] as const) {
    const { passed, output } = run(root, mode);
    assert.ok(!passed);
    assert.match(output, /rfc6120-1-02 was tested \(kit\/a\.test\.ts: a test › has .*\) and is open/u);
    assert.equal(Object.keys(testedIn(root)).length, 3);
  }
  assert.ok(run(root, "accept").passed);
  assert.deepEqual(Object.keys(testedIn(root)), ["rfc6120-1-01"]);
});

test("an id that leaves the registry is missed", (t) => {
  const root = plant(t, tree);
  run(root, "write");
  add(root, "spec/rfc6120.json", JSON.stringify({ statements: statements.slice(1) }));
  const { passed, output } = run(root, "check");
  assert.ok(!passed);
  assert.match(output, /rfc6120-1-01 was tested .* and is gone/u);
  assert.match(output, /carries \[rfc6120-1-01\], which is not in the registry/u);
});

test("a test that fails covers nothing, and the run fails", (t) => {
  const root = plant(t, {
    ...tree,
    "kit/b.test.ts": `${head}test("fails [rfc6120-1-05]", () => { throw new Error("oh"); });`,
  });
  assert.ok(!run(root, "write").passed);
  assert.ok(!("rfc6120-1-05" in testedIn(root)));
});

test("a test with more than five ids is refused, those of its suite with them", (t) => {
  const ids = [2, 3, 4, 5, 6].map((number) => `[rfc6120-1-0${number}]`).join(" ");
  const root = plant(t, {
    ...tree,
    "kit/b.test.ts": `${head}describe("s [rfc6120-1-01]", () => { it("much ${ids}", () => {}); }); test("five ${ids}", () => {});`,
  });
  const { passed, output } = run(root, "write");
  assert.ok(!passed);
  assert.equal(output.match(/carries 6 ids: at most 5/gu)?.length, 1, output);
});

test("what a module calls complete and no test covers fails", (t) => {
  const claim = { rfc: 6120, title: "Core", version: "all", status: "complete", places: ["kit"] };
  const { passed, output } = run(plant(t, tree), "write", [claim]);
  assert.ok(!passed);
  assert.match(output, /kit says that RFC 6120 is complete, but no passing test covers rfc6120-1-04 \(MUST\)/u);
});

function plant(t: TestContext, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "balcony-conformance-"));
  t.after(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) add(root, path, text);
  return root;
}

function add(root: string, path: string, text: string): void {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), text);
}

function testedIn(root: string): Readonly<Record<string, readonly string[]>> {
  const written = readDataFile(readFileSync(join(root, "docs/conformance.json"), "utf8"));
  return Object.fromEntries(written.filter(({ state }) => state === "tested").map(({ id, tests }) => [id, tests]));
}

/** In a process of its own: the runner refuses to run inside a test. */
function run(root: string, mode: "check" | "write" | "accept", supported: readonly object[] = []) {
  const options = { root, write: mode !== "check", acceptLost: mode === "accept", supported };
  const program = `
    const { runConformance } = await import(${JSON.stringify(join(import.meta.dirname, "run.ts"))});
    const passed = await runConformance({ ...${JSON.stringify(options)}, print: console.log });
    process.exitCode = passed ? 0 : 1;`;
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  add(root, "main.ts", program);
  const child = spawnSync(process.execPath, [join(root, "main.ts")], { env, encoding: "utf8" });
  return { passed: child.status === 0, output: child.stdout + child.stderr };
}
