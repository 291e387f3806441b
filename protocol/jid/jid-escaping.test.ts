import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { escapeLocalpart, unescapeLocalpart } from "./jid-escaping.ts";
import { prepareLocalpart } from "./localpart.ts";
import vectors from "./vectors/jid-escaping.json" with { type: "json" };

for (const vector of vectors.vectors) {
  const unescaped = localOf(vector.user_input) ?? vector.unescaped;
  const escaped = vector.user_input === undefined ? vector.escaped : localOf(vector.escaped);
  test(`${vector.source}: ${JSON.stringify(unescaped)}`, () => {
    ok(unescaped !== undefined && escaped !== undefined, "the vector has both sides");
    // The table maps characters; a space and a backslash are escaped only inside of something.
    const before = vector.kind === "map" ? "x" : "";
    const after = unescaped === "\\" ? "5c" : before;
    equal(escapeLocalpart(before + unescaped + after), before + escaped + after);
    equal(unescapeLocalpart(before + escaped + after), before + unescaped + after);
  });
}

const cases: readonly (readonly [name: string, actual: string | undefined, expected: string | undefined])[] = [
  ["a space at the start cannot be escaped", escapeLocalpart(" a"), undefined],
  ["a space at the end cannot be escaped", escapeLocalpart("a "), undefined],
  ["A19 an escaped space at the start is shown as it is written", unescapeLocalpart("\\20admin"), "\\20admin"],
  ["A19 an escaped space at the end is shown as it is written", unescapeLocalpart("admin\\20"), "admin\\20"],
  [
    "a capital sequence of the source cannot become an escape by preparation",
    prepareLocalpart(escapeLocalpart("\\2F") ?? ""),
    "\\5c2f",
  ],
  ["a capital sequence in a localpart is none", unescapeLocalpart("a\\2Fb"), "a\\2Fb"],
  ["A19 what is unescaped is not unescaped again", unescapeLocalpart("\\5c2f"), "\\2f"],
];
for (const [name, actual, expected] of cases) test(name, () => equal(actual, expected));

test("what was escaped comes back, and has no disallowed character", () => {
  const letters = fc.constantFrom(...Array.from("\\ \"&'/:<>@0234567acefxCF"));
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 12 }), (pieces) => {
      const text = pieces.join("");
      const escaped = escapeLocalpart(text);
      equal(escaped === undefined, text !== text.trim());
      if (escaped === undefined) return;
      ok(!/[ "&'/:<>@]/.test(escaped));
      equal(unescapeLocalpart(escaped), text);
    }),
    { numRuns: 3000 },
  );
});

function localOf(address: string | undefined): string | undefined {
  return address?.slice(0, address.lastIndexOf("@"));
}
