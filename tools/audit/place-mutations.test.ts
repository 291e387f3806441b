import assert from "node:assert/strict";
import { test } from "node:test";
import { citingPlaces } from "../conformance/citing-places.ts";
import { applyMutation, showMutation } from "./mutation.ts";
import { placeMutations } from "./place-mutations.ts";

const c = "// [rfc6120-1-01]";
const cases = [
  { name: "an if without else is never taken", from: `${c}\nif (a > 1) b();`, to: `${c}\nif (false) b();` },
  {
    name: "an if with else",
    from: `if (a) b(); ${c}\nelse d();`,
    to: `if (false) b(); ${c}\nelse d();`,
  },
  { name: "else if", from: `if (a) b();\n${c}\nelse if (d) e();`, to: `if (a) b();\n${c}\nelse if (false) e();` },
  { name: "a loop", from: `${c}\nwhile (a) b();`, to: `${c}\nwhile (false) b();` },
  { name: "a statement is dropped", from: `a();\nb(); ${c}\nd();`, to: `a();\n; ${c}\nd();` },
  { name: "a throw is dropped", from: `throw new Error("a"); ${c}`, to: `; ${c}` },
  { name: "a walk is dropped", from: `${c}\nfor (const a of b) d(a);`, to: `${c}\n;` },
  { name: "a declared condition", from: `const a = b === 1; ${c}`, to: `const a = !(b === 1); ${c}` },
  { name: "a declared choice", from: `const a = b ? 1 : 2; ${c}`, to: `const a = !(b) ? 1 : 2; ${c}` },
  { name: "a declared number", from: `${c}\nexport const aMax = 5;`, to: `${c}\nexport const aMax = 0;` },
  { name: "a declared text", from: `const a = "b" as const; ${c}`, to: `const a = "broken" as const; ${c}` },
  { name: "a declared pattern", from: `const a = /b/u; ${c}`, to: `const a = /(?!)/u; ${c}` },
  { name: "a declared list", from: `${c}\nconst a = new Set(["b"]);`, to: `${c}\nconst a = new Set([]);` },
  { name: "what is taken apart", from: `const { a } = b(); ${c}`, to: `const { a } = ({}); ${c}` },
  { name: "a default", from: `const a = b ?? d; ${c}`, to: `const a = b; ${c}` },
  {
    name: "a link of a chain",
    from: `const a = b\n  ${c}\n  .filter((d) => d > 1)\n  .map(e);`,
    to: `const a = b\n  .map(e);`,
  },
  { name: "a returned value", from: `function f() {\nreturn g(1); ${c}\n}`, to: `function f() { return undefined; }` },
  {
    name: "a returned answer",
    from: `function f(): boolean {\nreturn g(1); ${c}\n}`,
    to: `function f(): boolean { return !(g(1)); ${c}\n}`,
  },
  {
    name: "returning nothing early",
    from: `function f() { if (a) {\n${c}\nreturn undefined; }\nb(); }`,
    to: `function f() { if (a) {\n${c}\n; }\nb(); }`,
  },
  {
    name: "returning nothing in the end",
    from: `function f() { a();\nreturn; ${c}\n}`,
    to: `function f() { a();\nreturn {}; ${c}\n}`,
  },
  {
    name: "a function's docstring",
    from: `/** Does. [rfc6120-1-01] */\nexport function f(a: string): void { g(a); }`,
    to: `/** Does. [rfc6120-1-01] */\nexport function f(a: string): void {  }`,
  },
  {
    name: "a function that answers",
    from: `${c}\nfunction f(): boolean { const g = () => { return 1; }; if (g()) return true; return a; }`,
    to: `${c}\nfunction f(): boolean { const g = () => { return 1; }; if (g()) return !((true)); return !((a)); }`,
  },
  {
    name: "a function that promises an answer",
    from: `${c}\nasync function f(): Promise<boolean> { return g(); }`,
    to: `${c}\nasync function f(): Promise<boolean> { return !(await (g())); }`,
  },
  {
    name: "a function that lists",
    from: `${c}\nfunction f(): readonly string[] { return g(); }`,
    to: `${c}\nfunction f(): readonly string[] { return []; }`,
  },
  { name: "an arrow", from: `${c}\nconst f = (a: number) => a > 2;`, to: `${c}\nconst f = (a: number) => !(a > 2);` },
  {
    name: "a method",
    from: `class A {\n${c}\n#b(): void { d(); } }`,
    to: `class A {\n${c}\n#b(): void {  } }`,
  },
  {
    name: "a constructor still calls super",
    from: `class A extends B {\n${c}\nconstructor() { super(); d(); } }`,
    to: `class A extends B {\n${c}\nconstructor() { super();  } }`,
  },
  { name: "a property", from: `f({\na: 1, ${c}\nb: 2 });`, to: `f({ ${c}\nb: 2 });` },
  { name: "a switch", from: `f({\na: true, ${c}\nb: 2 });`, to: `f({ a: false, b: 2 });` },
  { name: "a spread", from: `f({\n...(a ? { b } : {}), ${c}\n});`, to: `f({\n ${c}\n});` },
  { name: "an element", from: `const a = [\n${c}\n"b",\n"d"];`, to: `const a = [\n${c}\n\n"d"];` },
  {
    name: "a case",
    from: `switch (a) {\n${c}\ncase 1: b(); break;\ndefault: }`,
    to: `switch (a) {\n${c}\n\ndefault: }`,
  },
  { name: "part of a condition", from: `if (a &&\n${c}\nb()) d();`, to: `if (a &&\n${c}\n!(b())) d();` },
  {
    name: "an error that is swallowed",
    from: `try { a(); } catch {\n${c}\n}`,
    to: `try { a(); } catch { throw new Error("broken"); }`,
  },
];

for (const { name, from, to } of cases) {
  test(`${name} can be broken`, () => {
    const [first] = mutationsOf(from);
    assert.ok(first, "nothing is done");
    assert.equal(simple(applyMutation(from, first)), simple(to), showMutation(from, first));
  });
}

for (const [name, text] of [
  ["a type", `interface A {\n${c}\nreadonly b: string; }`],
  ["an import", `${c}\nimport { a } from "./a.ts";`],
  ["a class as a whole", `${c}\nclass A { b() {} }`],
  ["a declaration without a value", `${c}\nlet a: string;`],
] as const) {
  test(`${name} cannot be broken`, () => {
    assert.deepEqual(mutationsOf(text), []);
  });
}

test("what is broken is told in a line", () => {
  const text = `a();\n${c}\nif (${"b".repeat(200)}\n  > 1) d();`;
  const shown = mutationsOf(text).map((mutation) => showMutation(text, mutation))[0] ?? "";
  assert.match(shown, /^line 3: never takes the branch: b+…$/u);
});

function mutationsOf(text: string) {
  return citingPlaces({ path: "kit/a.ts", text }).flatMap(({ nodes }) => placeMutations(text, nodes));
}

/** Without comments and with single spaces: only what runs is compared. */
function simple(text: string): string {
  return text
    .replaceAll(/\/\/.*/gu, "")
    .replaceAll(/\s+/gu, " ")
    .trim();
}
