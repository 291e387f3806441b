import assert from "node:assert/strict";
import { test } from "node:test";
import { citingPlaces, placesById } from "./citing-places.ts";
import { spanOf } from "./syntax.ts";

const c = "// [rfc6120-1-01]";
const cases = [
  { name: "the next statement", text: `a();\n${c}\nb();\nd();`, subject: "b();", label: "" },
  { name: "what begins on its line", text: `a();\nb( ${c}\n1);`, subject: `b( ${c}\n1);`, label: "" },
  { name: "past other comments", text: `${c}\n// more\n/* and more */ b();`, subject: "b();", label: "" },
  { name: "an exported function", text: `${c}\nexport function f() {}`, subject: "function f() {}", label: "#f" },
  { name: "within a function", text: `function f() {\n  g(); ${c}\n}`, subject: "g();", label: "#f" },
  { name: "within an arrow of a const", text: `const f = () => {\n${c}\ng(); };`, subject: "g();", label: "#f" },
  { name: "within a method", text: `class A { b() {\n${c}\ng(); } }`, subject: "g();", label: "#A.b" },
  { name: "within a private method", text: `class A { #b() {\n${c}\ng(); } }`, subject: "g();", label: "#A.#b" },
  { name: "the other branch", text: `if (a) b();\n${c}\nelse d();`, subject: "d();", label: "" },
  { name: "else on its line", text: `if (a) {\nb();\n} else { ${c}\nd();\n}`, subject: `{ ${c}\nd();\n}`, label: "" },
  { name: "the block that ends", text: `function f() { g();\n${c}\n}`, subject: `{ g();\n${c}\n}`, label: "#f" },
  { name: "a property", text: `const a = {\n${c}\nb: 1 };`, subject: "b: 1", label: "#a" },
  { name: "a call in a chain", text: `a\n${c}\n.filter(b)\n.map(d);`, subject: `a\n${c}\n.filter(b)`, label: "" },
  { name: "a type", text: `interface A {\n${c}\nb: string }`, subject: "b: string", label: "#A" },
];

for (const { name, text, subject, label } of cases) {
  test(`a citation speaks of ${name}`, () => {
    const [place, ...others] = citingPlaces({ path: "kit/a.ts", text });
    assert.deepEqual(others, []);
    const { start, end } = spanOf(place!.nodes.at(-1)!);
    assert.equal(text.slice(start, end), subject);
    assert.equal(place!.label, `kit/a.ts${label}`);
  });
}

test("ids in strings, in tests, in tools and without brackets are no citations", () => {
  const files = [
    { path: "kit/a.ts", text: `const a = "[rfc6120-1-01]"; // like rfc6120-1-02` },
    { path: "kit/a.test.ts", text: `a(); ${c}` },
    { path: "kit/testing/a.ts", text: `a(); ${c}` },
    { path: "tools/a.ts", text: `a(); ${c}` },
  ];
  assert.deepEqual(placesById(files), new Map());
});

test("each id has the places that cite it, each once", () => {
  const text = `function f() {\n a(); // [rfc6120-1-01] [rfc6120-1-02]\n b(); ${c}\n}\nfunction g() { ${c}\n}`;
  assert.deepEqual(
    placesById([{ path: "im/a.ts", text }]),
    new Map([
      ["rfc6120-1-01", ["im/a.ts#f", "im/a.ts#g"]],
      ["rfc6120-1-02", ["im/a.ts#f"]],
    ]),
  );
});
