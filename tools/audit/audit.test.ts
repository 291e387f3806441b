import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { audit, scoreOf } from "./audit.ts";
import { runCarryingTests } from "./run-carrying-tests.ts";

const program = `
/** The larger. */
export function larger(a, b) {
  // [rfc6120-1-01]
  if (a > b) return a;
  return b;
}
export const sizeMax = 5; // [rfc6120-1-02]
/** [rfc6120-1-03] */
export interface Size { readonly size: number }
const table = { size: 1 }; // [rfc6120-1-04]
export function size() { return table.size; }
export const fails = true; // [rfc6120-1-06]
const list = { of: [1] }; // [rfc6120-1-09]
export const first = list.of[0];
`;
const tests = `
import assert from "node:assert/strict";
import { test } from "node:test";
import { larger, sizeMax, size } from "./a.ts";
test("the larger is found [rfc6120-1-01]", () => assert.equal(larger(2, 1), 2));
test("nothing is shown [rfc6120-1-02]", () => assert.equal(larger(1, 1), 1));
test("a type [rfc6120-1-03]", () => assert.ok(size()));
test("a table", async (t) => { await t.test("is read [rfc6120-1-04]", () => assert.equal(size(), 1)); });
test("nothing cites it [rfc6120-1-05]", () => {});
test("it fails [rfc6120-1-06]", () => assert.fail());
test("it loads [rfc6120-1-09]", () => {});
`;
const cases = [
  { name: "a break without which nothing loads", id: "rfc6120-1-09", noticed: false, says: /does not load/u },
  {
    name: "a break that a test notices",
    id: "rfc6120-1-01",
    noticed: true,
    says: /never takes the branch: a > b; noticed by: the larger/u,
  },
  {
    name: "a break that no test notices",
    id: "rfc6120-1-02",
    noticed: false,
    says: /not noticed.*is another number: 5/u,
  },
  {
    name: "a place that is gone at run time",
    id: "rfc6120-1-03",
    noticed: false,
    says: /cites the requirement at what is not run/u,
  },
  { name: "a test within another", id: "rfc6120-1-04", noticed: true, says: /is empty: \{ size/u },
  { name: "an id that no program cites", id: "rfc6120-1-05", noticed: false, says: /no program cites it/u },
  { name: "a test that fails anyway", id: "rfc6120-1-06", noticed: false, says: /do not pass unbroken/u },
  { name: "an id without tests", id: "rfc6120-1-07", noticed: false, says: /no test carries it/u },
];

for (const { name, id, noticed, says } of cases) {
  test(`${name} is ${noticed ? "noticed" : "a failure"}`, async (t) => {
    const root = plant(t);
    const audited = await audit({ root, ids: [id], statements: [], workers: 1, done: () => undefined });
    assert.equal(audited[0]?.noticed, noticed, JSON.stringify(audited));
    assert.match(JSON.stringify(audited), says);
    assert.equal(readFileSync(join(root, "kit/a.ts"), "utf8"), program, "the original is left alone");
  });
}

test("several are audited at once, each is told, and the score is the share that was noticed", async (t) => {
  const told: string[] = [];
  const audited = await audit({
    root: plant(t),
    ids: ["rfc6120-1-01", "rfc6120-1-02", "rfc6120-1-03", "rfc6120-1-05"],
    statements: [{ id: "rfc6120-1-01", state: "tested", tests: ["kit/a.test.ts: the larger is found"] }],
    workers: 2,
    done: ({ id }) => told.push(id),
  });
  assert.equal(told.length, 4);
  assert.equal(scoreOf(audited), 0.25);
});

test("an audit that is stopped finishes what it has begun, and begins no more", async (t) => {
  const stop = new AbortController();
  const audited = await audit({
    root: plant(t),
    ids: ["rfc6120-1-01", "rfc6120-1-02", "rfc6120-1-05"],
    statements: [],
    workers: 1,
    done: () => stop.abort(),
    signal: stop.signal,
  });
  assert.deepEqual(
    audited.map(({ id }) => id),
    ["rfc6120-1-01"],
  );
});

test("a test that never ends is ended, with what it started", async (t) => {
  const root = plant(t, {
    "kit/b.test.ts": `import { test } from "node:test"; test("turns [rfc6120-1-08]", () => { for (;;); });`,
  });
  const files = ["kit/b.test.ts"];
  const run = await runCarryingTests({ root, id: "rfc6120-1-08", mode: "pattern", files, msMax: 1000 });
  assert.equal(run.hung, true);
});

function plant(t: TestContext, more: Readonly<Record<string, string>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), "balcony-audited-"));
  t.after(() => rmSync(root, { recursive: true }));
  const files = { "package.json": `{ "type": "module" }`, "kit/a.ts": program, "kit/a.test.ts": tests, ...more };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}
