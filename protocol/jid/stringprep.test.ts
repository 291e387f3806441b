import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { nameprep, nodeprep, resourceprep, saslprep } from "./stringprep.ts";
import vectors from "./vectors/stringprep.json" with { type: "json" };

const profiles = { nodeprep, resourceprep, nameprep, saslprep } as const;

for (const [index, vector] of vectors.vectors.entries()) {
  if (vector.output !== undefined) {
    test(`${vector.id} ${vector.note}`, () => equal(saslprep(vector.input), vector.output ?? undefined));
    continue;
  }
  test(`vector ${index} ${vector.codepoints?.join(" ")} in all profiles`, () => {
    for (const name of ["nodeprep", "resourceprep", "nameprep", "saslprep"] as const) {
      const expected: string | null | undefined = vector[name];
      ok(expected !== undefined, "the vector names the profile");
      equal(profiles[name](vector.input), expected ?? undefined, name);
    }
  });
}

const cases: readonly (readonly [name: string, actual: string | undefined, expected: string | undefined])[] = [
  ["an unassigned code point is refused in what is stored", nodeprep("a\u{1f600}"), undefined],
  [
    "an unassigned code point is left alone in a query",
    nodeprep("A\u{1f600}", { unassigned: "allowed" }),
    "a\u{1f600}",
  ],
  [
    "an unassigned code point keeps its neighbours from composing",
    nodeprep("e\u{1f600}\u0301", { unassigned: "allowed" }),
    "e\u{1f600}\u0301",
  ],
  [
    "a letter younger than Unicode 3.2 is not folded, nor decomposed",
    nodeprep("\u1d2c\u1e9e", { unassigned: "allowed" }),
    "\u1d2c\u1e9e",
  ],
  ["an ideograph of Corrigendum 4 maps as it did before", resourceprep("\u{2f868}"), "\u{2136a}"],
  ["a lone surrogate is prohibited even in a query", saslprep("\ud800", { unassigned: "allowed" }), undefined],
  ["nameprep has nothing against ASCII controls", nameprep("\u0001"), "\u0001"],
];
for (const [name, actual, expected] of cases) test(name, () => equal(actual, expected));

test("no profile throws, whatever the string", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (input) => {
      for (const profile of Object.values(profiles)) {
        const result = profile(input, { unassigned: "allowed" });
        if (result !== undefined) ok(result.isWellFormed());
      }
    }),
  );
});
