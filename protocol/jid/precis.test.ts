import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { nickname, nicknameForComparison, opaqueString, usernameCaseMapped, usernameCasePreserved } from "./precis.ts";
import vectors from "./vectors/precis.json" with { type: "json" };

type Profile = (input: string) => string | undefined;

for (const vector of vectors.vectors) {
  const outputs: readonly (readonly [Profile, string | undefined])[] = vector.profile.startsWith("Username")
    ? [
        [usernameCaseMapped, vector.output_case_mapped],
        [usernameCasePreserved, vector.output_case_preserved],
      ]
    : vector.profile === "OpaqueString"
      ? [[opaqueString, vector.output]]
      : [[nicknameForComparison, vector.output_for_comparison]];
  for (const [profile, output] of outputs) {
    test(`${vector.id} ${profile.name}: ${vector.note}`, () => {
      equal(profile(vector.input), vector.valid ? output : undefined);
      equal(output !== undefined, vector.valid, "the vector says what comes out");
    });
  }
}

const cases: readonly (readonly [name: string, profile: Profile, input: string, output: string | undefined])[] = [
  ["a user name keeps its case where it is asked to", usernameCasePreserved, "Ｊuliet", "Juliet"],
  ["a titlecase letter has a compatibility form and is no letter of user names", usernameCaseMapped, "ǅ", undefined],
  ["the dotted capital I becomes i and a dot in every locale", usernameCaseMapped, "İ", "i\u0307"],
  ["a small letter of a younger script is a letter", usernameCaseMapped, "\u{1e921}", "\u{1e943}"],
  ["Cherokee capitals become small", usernameCaseMapped, "Ꭰ", "\uab70"],
  ["a right-to-left user name may end in digits", usernameCaseMapped, "אב12", "אב12"],
  ["a right-to-left user name may end in a mark", usernameCaseMapped, "אָ", "אָ"],
  ["a left-to-right user name may not contain right-to-left letters", usernameCaseMapped, "aא", undefined],
  ["European and Arabic digits do not mix in a right-to-left user name", usernameCaseMapped, "ב1٢", undefined],
  ["the Catalan l·l is a user name", usernameCaseMapped, "L·L", undefined],
  ["the small Catalan l·l is a user name", usernameCaseMapped, "col·lega", "col·lega"],
  ["a password may contain any letter and symbol", opaqueString, "Ⅳ ﬁ ½ ♦ 한", "Ⅳ ﬁ ½ ♦ 한"],
  ["a password keeps its spaces at the ends", opaqueString, "  a  ", "  a  "],
  ["a password of old Hangul jamo is refused", opaqueString, "\u1100", undefined],
  ["a password is composed", opaqueString, "e\u0301\u2003", "é "],
  ["a nickname loses spaces at the ends and doubled ones", nickname, "\u00a0 St \u3000 Peter ", "St Peter"],
  ["a nickname of spaces is none", nickname, " \u3000 ", undefined],
  ["a nickname is shown with its case", nickname, "Ⅳ Foo", "IV Foo"],
  ["a nickname of Korean compatibility letters is one", nickname, "\u314b", "\u110f"],
  ["a compatibility form that ends in a space stabilises", nickname, "a\u00a8", "a \u0308"],
];
for (const [name, profile, input, output] of cases) test(name, () => equal(profile(input), output));

/** Beyond this plane there are only tags, variation selectors and private use. */
const lastLetter = 0x3ffff;

for (const profile of [usernameCaseMapped, usernameCasePreserved, opaqueString]) {
  test(`${profile.name} of its own result is that result, for every code point and for any text`, () => {
    let valid = 0;
    for (let codePoint = 0; codePoint <= lastLetter; codePoint++) {
      const result = profile(String.fromCodePoint(codePoint));
      if (result === undefined) continue;
      valid++;
      if (profile(result) !== result) equal(profile(result), result, `U+${codePoint.toString(16)}`);
    }
    ok(valid > 130_000, "most assigned code points are valid");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (input) => {
        const result = profile(input);
        if (result !== undefined) equal(profile(result), result);
      }),
    );
  });
}

test("a nickname is stable under its rules, for every code point", () => {
  for (let codePoint = 0; codePoint <= lastLetter; codePoint++) {
    const result = nicknameForComparison(String.fromCodePoint(codePoint));
    if (result !== undefined && result.normalize("NFKC").toLowerCase() !== result)
      equal(result, "stable", `U+${codePoint.toString(16)}`);
  }
});
