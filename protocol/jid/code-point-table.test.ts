import { equal } from "node:assert/strict";
import { test } from "node:test";
import { CodePointTable } from "./code-point-table.ts";
import { bidiRuns, idnaRuns, joiningRuns, precisRuns, unicodeVersion, viramaRuns } from "./unicode.generated.ts";

test("a table answers for the borders of its runs", () => {
  const table = new CodePointTable("2ABAzC2D");
  equal(Array.from({ length: 5 }, (_, codePoint) => table.classOf(codePoint)).join(""), "AABAC");
  equal([4 + 34, 4 + 35, 4 + 36].map((codePoint) => table.classOf(codePoint)).join(""), "CDD");
});

const tables = {
  precis: precisRuns,
  idna: idnaRuns,
  bidi: bidiRuns,
  joining: joiningRuns,
  virama: viramaRuns,
} as const;

// One code point for each way through the derivation, from RFC 8264 §8, RFC 5892 §3 and the Unicode Character Database.
const classes: readonly (readonly [table: keyof typeof tables, codePoint: number, letter: string, why: string])[] = [
  ["precis", 0x20, "F", "space"],
  ["precis", 0x21, "P", "ASCII7"],
  ["precis", 0x7f, "D", "control"],
  ["precis", 0xdf, "P", "exception"],
  ["precis", 0x640, "D", "exception"],
  ["precis", 0xb7, "O", "exception"],
  ["precis", 0x200d, "J", "join control"],
  ["precis", 0x1100, "D", "old Hangul jamo"],
  ["precis", 0xa97c, "D", "old Hangul jamo"],
  ["precis", 0xd7fb, "D", "old Hangul jamo"],
  ["precis", 0xac00, "P", "Hangul syllable"],
  ["precis", 0xad, "D", "default ignorable"],
  ["precis", 0xfdd0, "D", "noncharacter"],
  ["precis", 0x10ffff, "D", "noncharacter"],
  ["precis", 0x378, "U", "unassigned"],
  ["precis", 0x2163, "F", "compatibility form"],
  ["precis", 0x1c5, "F", "compatibility form"],
  ["precis", 0x1f88, "F", "titlecase letter"],
  ["precis", 0x41, "P", "capital letter"],
  ["precis", 0x1f600, "F", "symbol"],
  ["precis", 0xd800, "D", "surrogate"],
  ["precis", 0xe000, "D", "private use"],
  ["precis", 0x10940, "P", "letter of Unicode 17"],
  ["idna", 0x41, "D", "unstable"],
  ["idna", 0x61, "P", "LDH"],
  ["idna", 0x5f, "D", "ASCII that is no LDH"],
  ["idna", 0xdf, "P", "exception"],
  ["idna", 0x3c2, "P", "exception"],
  ["idna", 0x20d0, "D", "ignorable block"],
  ["idna", 0x2603, "D", "symbol"],
  ["idna", 0x4e00, "P", "letter"],
  ["bidi", 0x5d0, "R", "R"],
  ["bidi", 0x628, "R", "AL"],
  ["bidi", 0x660, "A", "AN"],
  ["bidi", 0x31, "E", "EN"],
  ["bidi", 0x301, "M", "NSM"],
  ["bidi", 0x2d, "N", "ES"],
  ["bidi", 0x61, "L", "L"],
  ["bidi", 0x20, "X", "WS"],
  ["joining", 0x628, "D", "dual joining"],
  ["joining", 0x627, "R", "right joining"],
  ["joining", 0xa872, "L", "left joining"],
  ["joining", 0x64e, "T", "transparent"],
  ["joining", 0x61, "N", "none"],
  ["virama", 0x94d, "V", "combining class 9"],
  ["virama", 0x1039, "V", "combining class 9"],
  ["virama", 0x3099, "N", "combining class 8"],
  ["virama", 0x5b0, "N", "combining class 10"],
  ["virama", 0x301, "N", "combining class 230"],
];
for (const [table, codePoint, letter, why] of classes) {
  test(`${table} of U+${codePoint.toString(16).toUpperCase()} (${why}) is ${letter}`, () => {
    equal(new CodePointTable(tables[table]).classOf(codePoint), letter);
  });
}

test("the tables are of the Unicode version of the runtime", () => equal(process.versions["unicode"], unicodeVersion));
