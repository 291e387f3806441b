import { equal } from "node:assert/strict";
import { test } from "node:test";
import { obeysBidiRule } from "./bidi-rule.ts";

// RFC 5893 §2, condition by condition.
const cases: readonly (readonly [name: string, text: string, obeys: boolean])[] = [
  ["no condition for text without right-to-left code points", "1 _a", true],
  ["1 may start with R", "\u05d0", true],
  ["1 may start with AL", "\u0628", true],
  ["1 must not start with EN", "1\u05d0", false],
  ["1 must not start with AN", "\u0660\u0628", false],
  ["1 must not start with a mark", "\u0301\u05d0", false],
  ["2 right-to-left text takes separators, neutrals and marks", "\u05d0-+.,_\u05b0\u05d1", true],
  ["2 right-to-left text takes no L", "\u05d0a\u05d1", false],
  ["2 right-to-left text takes no white space", "\u05d0 \u05d1", false],
  ["3 right-to-left text may end in EN", "\u05d01", true],
  ["3 right-to-left text may end in AN and marks", "\u0628\u0660\u0301\u0301", true],
  ["3 right-to-left text must not end in a neutral", "\u05d0-", false],
  ["4 EN and AN do not go together", "\u06281\u0660\u0628", false],
  ["5 left-to-right text takes no R", "a\u05d0b", false],
  ["5 left-to-right text takes no AN", "a\u0660", false],
];
for (const [name, text, obeys] of cases) test(name, () => equal(obeysBidiRule(text), obeys));
