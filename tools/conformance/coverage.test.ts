import assert from "node:assert/strict";
import { test } from "node:test";
import type { Supported } from "../generate/supported.ts";
import { claimProblems, completeClaims } from "./complete-claims.ts";
import { countStates } from "./counts.ts";
import { coverageOf } from "./coverage.ts";
import { readRegistry } from "./registry.ts";

/** A statement of RFC 6120 §1 unless told otherwise. */
function statement(number: number, more: object = {}) {
  const id = `rfc6120-1-0${number}`;
  return { id, level: "MUST", roles: ["server"], section: "1", line: "It is so.", ...more };
}

function cover(
  documents: Readonly<Record<string, unknown>>,
  carried: readonly string[],
  places: ReadonlyMap<string, readonly string[]> = new Map(),
) {
  const registry = readRegistry(
    Object.entries(documents).map(([name, data]) => ({ path: `spec/${name}.json`, text: JSON.stringify(data) })),
  );
  return coverageOf({
    registry,
    tests: new Map(carried.map((id) => [id, [{ file: "kit/a.test.ts", name: `it is so [${id}]` }]])),
    places,
  });
}

function stateOf(more: object, carried: readonly string[]) {
  return cover({ rfc6120: { statements: [statement(1, more), statement(2)] } }, carried).covered[0]?.statements[0]
    ?.state;
}

test("a requirement is tested, not ours, or open", () => {
  assert.equal(stateOf({}, ["rfc6120-1-01"]), "tested");
  assert.equal(stateOf({}, ["rfc6120-1-02"]), "open");
  assert.equal(stateOf({ notOurs: "for authors" }, []), "not ours");
  assert.equal(stateOf({ waitsFor: "client" }, []), "open");
  assert.equal(stateOf({ waitsFor: "client" }, ["rfc6120-1-01"]), "tested");
});

test("what a newer document says again is tested where that is", () => {
  const older = (saidAgainBy: string) => ({ ...statement(1), id: "rfc3920-1-01", saidAgainBy });
  const documents = { rfc3920: { statements: [older("rfc6120-1-01")] }, rfc6120: { statements: [statement(1)] } };
  const [first] = cover(documents, ["rfc6120-1-01"], new Map([["rfc6120-1-01", ["kit/a.ts#a"]]])).covered;
  assert.equal(first?.statements[0]?.state, "tested");
  assert.deepEqual(first.statements[0].places, ["kit/a.ts#a"]);
  assert.equal(cover(documents, []).covered[0]?.statements[0]?.state, "open");
});

test("statements that say each other again end", () => {
  const statements = [statement(1, { saidAgainBy: "rfc6120-1-02" }), statement(2, { saidAgainBy: "rfc6120-1-01" })];
  assert.equal(cover({ rfc6120: { statements } }, []).covered[0]?.statements[0]?.state, "open");
});

for (const { name, statements, carried, state } of [
  { name: "all are tested", statements: ["rfc6120-1-01"], carried: ["rfc6120-1-01"], state: "tested" },
  {
    name: "the others are not ours",
    statements: ["rfc6120-1-01", "rfc6120-1-03"],
    carried: ["rfc6120-1-01"],
    state: "tested",
  },
  { name: "one is open", statements: ["rfc6120-1-01", "rfc6120-1-02"], carried: ["rfc6120-1-01"], state: "open" },
  { name: "none is ours", statements: ["rfc6120-1-03"], carried: [], state: "open" },
  { name: "it lists none", statements: [], carried: ["rfc6120-1-01"], state: "open" },
]) {
  test(`a feature is ${state} when ${name}`, () => {
    const feature = { id: "rfc6120-feature-a", section: "1", roles: {}, line: "A.", statements };
    const all = [statement(1), statement(2), statement(3, { notOurs: "for authors" })];
    const [document] = cover({ rfc6120: { statements: all, features: [feature] } }, carried).covered;
    assert.equal(document?.features[0]?.state, state);
  });
}

for (const { name, document, carried, says } of [
  {
    name: "a test with an unknown id",
    document: { statements: [statement(1)] },
    carried: ["rfc6120-9-01"],
    says: /^kit\/a\.test\.ts: "it is so \[rfc6120-9-01\]" carries \[rfc6120-9-01\], which is not in the registry/u,
  },
  {
    name: "a test of what is not ours",
    document: { statements: [statement(1, { notOurs: "for authors" })] },
    carried: ["rfc6120-1-01"],
    says: /rfc6120-1-01 is said to be not ours, but kit\/a\.test\.ts: "it is so/u,
  },
  {
    name: "an unknown newer statement",
    document: { statements: [statement(1, { saidAgainBy: "rfc9999-1-01" })] },
    carried: [],
    says: /said again by rfc9999-1-01, which is not/u,
  },
  {
    name: "an unknown statement of a feature",
    document: {
      statements: [],
      features: [{ id: "rfc6120-feature-a", section: "1", roles: {}, line: "", statements: ["rfc6120-1-07"] }],
    },
    carried: [],
    says: /rfc6120-feature-a lists rfc6120-1-07/u,
  },
  {
    name: "a statement that is there twice",
    document: { statements: [statement(1), statement(1)] },
    carried: [],
    says: /rfc6120-1-01 is there twice/u,
  },
  {
    name: "a statement of another document",
    document: { statements: [statement(1, { id: "rfc6121-1-01" })] },
    carried: [],
    says: /rfc6121-1-01 belongs to another document/u,
  },
]) {
  test(`${name} is a problem`, () => {
    const { problems } = cover({ rfc6120: document }, carried);
    assert.equal(problems.length, 1, problems.join("\n"));
    assert.match(problems[0] ?? "", says);
  });
}

test("the registry's shape is checked, and the error says where", () => {
  const { line: _, ...lineless } = statement(1);
  assert.throws(() => cover({ rfc6120: { statements: [lineless] } }, []), /spec\/rfc6120\.json[^]*line/u);
});

test("documents with levels only are counted", () => {
  const { uncovered } = cover({ xep0191: { "1-01": "MUST", "1-02": "MAY" } }, ["xep0191-1-02"]);
  assert.deepEqual(uncovered, [{ name: "xep0191", statements: 2, tested: 1 }]);
});

test("what waits is counted apart from what is open", () => {
  const statements = [
    statement(1),
    statement(2, { waitsFor: "client" }),
    statement(3, { notOurs: "for authors" }),
    statement(4),
  ];
  const [document] = cover({ rfc6120: { statements } }, ["rfc6120-1-04"]).covered;
  assert.deepEqual(countStates(document!.statements), { all: 4, tested: 1, notOurs: 1, waiting: 1, open: 1 });
});

const claim: Supported = { rfc: 6120, title: "Core", version: "all", status: "complete", places: ["kit"] };
for (const { name, more = {}, entry = {}, missing } of [
  { name: "a MUST that is open", missing: 1 },
  { name: "a SHOULD", more: { level: "SHOULD" }, missing: 0 },
  { name: "a MUST NOT that is open", more: { level: "MUST NOT" }, missing: 1 },
  { name: "what is required", more: { level: "REQUIRED" }, missing: 1 },
  { name: "what only clients must do", more: { roles: ["client"] }, missing: 0 },
  { name: "what is not ours", more: { notOurs: "for authors" }, missing: 0 },
  { name: "what waits", more: { waitsFor: "client" }, missing: 0 },
  { name: "what is said to be done in part", entry: { status: "partial" as const }, missing: 0 },
  { name: "a section that is said to be complete", entry: { version: "2, 1" }, missing: 1 },
  { name: "a part of a section", more: { section: "1.2" }, entry: { version: "1" }, missing: 1 },
  { name: "a section beside it", more: { section: "11" }, entry: { version: "1" }, missing: 0 },
]) {
  test(`${missing === 1 ? "breaks" : "keeps"} the claim to be complete: ${name}`, () => {
    const coverage = cover({ rfc6120: { statements: [statement(1, more)] } }, []);
    const problems = claimProblems(completeClaims([{ ...claim, ...entry }], coverage));
    assert.equal(problems.length, missing, problems.join("\n"));
  });
}

test("a tested MUST keeps the claim", () => {
  const coverage = cover({ rfc6120: { statements: [statement(1)] } }, ["rfc6120-1-01"]);
  assert.deepEqual(claimProblems(completeClaims([claim], coverage)), []);
});

test("a XEP's claim is held to its statements as soon as they are written down", () => {
  const xep: Supported = { xep: 191, title: "Blocking", version: "1.3", status: "complete", places: ["xep/0191"] };
  const levels = cover({ xep0191: { "1-01": "MUST" } }, []);
  assert.equal(completeClaims([xep], levels)[0]?.required, undefined);
  const written = cover({ xep0191: { statements: [statement(1, { id: "xep0191-1-01" })] } }, []);
  assert.equal(claimProblems(completeClaims([xep], written)).length, 1);
});
