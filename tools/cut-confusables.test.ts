import assert from "node:assert/strict";
import { test } from "node:test";
import { cutConfusables } from "./cut-confusables.ts";

const text = `# confusables.txt
# Unicode Security Mechanisms for UTS #39
# Version: 17.0.0
#
0455 ;\t0073 ;\tMA\t# ( ѕ → s ) CYRILLIC SMALL LETTER DZE → LATIN SMALL LETTER S\t# 
0315 ;\t0313 ;\tMA\t# ( ̕ → ̓ ) behind a letter only

0041 ;\t0391 ;\tMA\t# a capital, which no name keeps
006D ;\t0072 006E ;\tMA\t# ( m → rn ) LATIN SMALL LETTER M → LATIN SMALL LETTER R, LATIN SMALL LETTER N\t# 
00F6 ;\t0585 ;\tMA\t# taken apart before it is looked up
2215 ;\t002F ;\tMA\t# a sign, which no name holds
`;

test("what names can hold is kept in the order of its code points, with its version", () => {
  assert.deepEqual(cutConfusables(text), {
    version: "17.0.0",
    entries: [
      [0x6d, [0x72, 0x6e]],
      [0x315, [0x313]],
      [0x455, [0x73]],
    ],
  });
});

for (const [what, broken] of [
  ["a version", text.replace(/^# Version.*\n/mu, "")],
  ["an entry", text.replaceAll("MA", "")],
] as const)
  test(`a file without ${what} is none of look-alikes`, () => assert.throws(() => cutConfusables(broken)));
