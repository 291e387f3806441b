import assert from "node:assert/strict";
import { test } from "node:test";
import { AskedWords, askedWordsName } from "./asked-words.ts";
import { countersName, instrument } from "./instrument.ts";

const counters = new Uint8Array(256);
const asked = new AskedWords();
Object.defineProperty(globalThis, countersName, { value: counters });
Object.defineProperty(globalThis, askedWordsName, { value: asked });

/** A function's text, and arguments that take different ways through it. */
const programs: readonly (readonly [name: string, code: string, ways: readonly unknown[]])[] = [
  ["if without else", "(x) => { if (x) return 1; return 2; }", [true, false]],
  ["if in if in else", "(x) => { if (x > 2) if (x > 3) return 1; else return 2; else if (x) return 3; }", [4, 3, 1, 0]],
  ["a choice", "(x) => x ? (1, 2) : { a: 1 }", [true, false]],
  ["operands", "(x) => [x && 1, x || (2), x ?? 3, (x ?? 1) || 4]", [0, 1, undefined]],
  ["assignments", "(x) => { let y = x; y ||= 5; let z = x; z ??= (6); return [y, z]; }", [0, undefined, 1]],
  [
    "loops",
    "(x) => { let n = 0; for (const y of x) n += y; while (n > 5) n--; do n++; while (n < 3); return n; }",
    [[], [9]],
  ],
  [
    "a switch",
    "(x) => { switch (x) { case 'ab': case 'cd': return 1; case 'ef': { return 2; } default: return 3; } }",
    ["ab", "ef", "x"],
  ],
  ["defaults", "([a = 1, { b = a ? 2 : 3 } = {}]) => [a, b]", [[], [0], [0, { b: 7 }]]],
  ["a catch", "(x) => { try { return x(); } catch { return 'caught'; } }", [() => 1, undefined]],
  [
    "comparisons",
    "(x) => [x === 'ab', 'cd' !== x, (x) === (typeof x), x /* == */ === /* == */ x, !(x === 'y') === true]",
    ["ab", "cd", "y"],
  ],
  [
    "a class",
    "(x) => { class A { #p = x ? 1 : 2; get p() { return this.#p; } static #q(z = 3) { return z || 4; } static r = A.#q; } return [new A().p, A.r(x)]; }",
    [0, 1],
  ],
  ["what a call is given", "(x) => [x.startsWith('ab'), x.indexOf(`c${x}`), ['cd'].includes('cd')]", ["ab", "cd"]],
];

for (const [name, code, ways] of programs) {
  test(`${name}: the same comes out, and each way is counted in its own way`, async () => {
    const plain = await load(`export const run = ${code};`);
    const { code: instrumented, counters: count } = instrument(`export const run = ${code};`, 0, (words) =>
      asked.list(words),
    );
    const counted = await load(instrumented);
    const paths = ways.map((way) => {
      counters.fill(0);
      assert.deepEqual(counted(way), plain(way));
      return counters.slice(0, count).join(" ");
    });
    assert.ok(
      counters.subarray(count).every((times) => times === 0),
      "a counter that is not its own",
    );
    if (name !== "comparisons" && name !== "what a call is given") assert.equal(new Set(paths).size, ways.length);
  });
}

test("what is compared in vain, and what is looked for, is told", async () => {
  const code =
    "export const run = (x) => { switch (x) { case 'one': return 1; } return x === 'two' || x.includes('three') || x.at === 'four'; };";
  const run = await load(instrument(code, 0, (words) => asked.list(words)).code);
  assert.deepEqual(
    asked.during(() => run("zero")),
    ["one", "zero", "two", "three"],
  );
});

test("types are left to be stripped, and lines stay where they are", () => {
  const code = "type A = 'ab' | 'cd';\nexport function f(x: A): number {\n  return x === 'ab' ? 1 : 2;\n}\n";
  const { code: instrumented, words } = instrument(code, 0, () => 0);
  assert.equal(instrumented.split("\n").length, code.split("\n").length);
  assert.match(instrumented.split("\n")[2] ?? "", /^ {2}return .*1.*2.*;$/u);
  assert.deepEqual(words, ["ab", "cd"]);
});

async function load(code: string): Promise<(argument: unknown) => unknown> {
  const loaded: { readonly run: (argument: unknown) => unknown } = await import(
    `data:text/javascript,${encodeURIComponent(code)}`
  );
  return loaded.run;
}
