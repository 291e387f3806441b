import { equal } from "node:assert/strict";
import { test } from "node:test";
import { obeysContextRules } from "./context-rules.ts";

// RFC 5892 appendix A, rule by rule.
const cases: readonly (readonly [name: string, text: string, obeys: boolean])[] = [
  ["A.1 a non-joiner after a virama", "\u0915\u094d\u200c", true],
  ["A.1 a non-joiner between two letters that join", "\u0628\u200c\u0628", true],
  ["A.1 a non-joiner between letters that join, with marks between", "\u0628\u064e\u200c\u064e\u0627", true],
  ["A.1 a non-joiner before a letter that joins on neither side", "\u0628\u200ca", false],
  ["A.1 a non-joiner after a letter that joins only to the right", "\u0627\u200c\u0628", false],
  ["A.1 a non-joiner at the start", "\u200c\u0628", false],
  ["A.1 a non-joiner at the end", "\u0628\u200c", false],
  ["A.1 every one of several non-joiners is asked (erratum 3312)", "\u0628\u200c\u0628a\u200cb", false],
  ["A.1 two non-joiners in a row", "\u0628\u200c\u200c\u0628", false],
  ["A.2 a joiner after a virama", "\u0915\u094d\u200d", true],
  ["A.2 a joiner after anything else", "\u0915\u200d", false],
  ["A.3 a middle dot between two l", "l\u00b7l", true],
  ["A.3 a middle dot between l and another letter", "l\u00b7a", false],
  ["A.3 a middle dot at the end", "l\u00b7", false],
  ["A.4 a keraia before a Greek letter", "\u0375\u03b1", true],
  ["A.4 a keraia before another letter", "\u0375a", false],
  ["A.4 a keraia at the end", "\u03b1\u0375", false],
  ["A.5 a geresh after a Hebrew letter", "\u05d0\u05f3", true],
  ["A.5 a geresh at the start", "\u05f3\u05d0", false],
  ["A.6 gershayim after a Hebrew letter", "\u05d0\u05f4\u05d1", true],
  ["A.6 gershayim after another letter", "a\u05f4", false],
  ["A.7 a middle dot among katakana", "\u30a2\u30fb\u30a2", true],
  ["A.7 a katakana middle dot at the end of Latin text with one Han letter", "a\u30fb\u4e00", true],
  ["A.7 a katakana middle dot without Japanese letters", "a\u30fbb", false],
  ["A.8 Arabic-Indic digits alone", "\u0660\u0669", true],
  ["A.9 extended Arabic-Indic digits alone", "\u06f0\u06f9", true],
  ["A.8 and A.9 do not go together", "\u0660a\u06f9", false],
  ["text without such code points", "abc", true],
];
for (const [name, text, obeys] of cases) test(name, () => equal(obeysContextRules(text), obeys));
