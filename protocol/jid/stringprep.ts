import { CodePointTable } from "./code-point-table.ts";
import { readMappings } from "./read-mappings.ts";
import { foldingEntries, stringprepLegend, stringprepRuns } from "./stringprep-tables.generated.ts";

/**
 * What to do with code points that Unicode 3.2 did not know: strings to be stored must have none, queries may.
 * RFC 3454 §7.
 */
export interface StringprepOptions {
  readonly unassigned?: "refused" | "allowed";
}

/** Localparts before RFC 7622. RFC 3920 appendix A. The result may be empty; `undefined` is a refusal, here and below. */
export function nodeprep(input: string, options?: StringprepOptions): string | undefined {
  return prepare(nodeprepProfile, input, options);
}

/** Resourceparts before RFC 7622. RFC 3920 appendix B. */
export function resourceprep(input: string, options?: StringprepOptions): string | undefined {
  return prepare(resourceprepProfile, input, options);
}

/** Labels of domain names in IDNA2003. RFC 3491. */
export function nameprep(input: string, options?: StringprepOptions): string | undefined {
  return prepare(nameprepProfile, input, options);
}

/** User names and passwords in SASL mechanisms. RFC 4013. */
export function saslprep(input: string, options?: StringprepOptions): string | undefined {
  return prepare(saslprepProfile, input, options);
}

interface Profile {
  /** Table B.2, which leaves no capital letters. */
  readonly foldsCase: boolean;
  /** Spaces other than U+0020 become that one instead of being prohibited. */
  readonly mapsSpaces: boolean;
  /** The letters of stringprepRuns whose code points must not be in the result. */
  readonly prohibited: ReadonlySet<string>;
  readonly prohibitedAscii: RegExp;
}

const alwaysProhibited = ["C.1.2", "C.2.2", "C.3", "C.4", "C.5", "C.6", "C.7", "C.8", "C.9"];
const nothing = /(?!)/;

const nodeprepProfile: Profile = {
  foldsCase: true,
  mapsSpaces: false,
  prohibited: lettersOf([...alwaysProhibited, "C.1.1", "C.2.1"]),
  prohibitedAscii: /["&'/:<>@]/,
};
const resourceprepProfile: Profile = {
  foldsCase: false,
  mapsSpaces: false,
  prohibited: lettersOf([...alwaysProhibited, "C.2.1"]),
  prohibitedAscii: nothing,
};
const nameprepProfile: Profile = {
  foldsCase: true,
  mapsSpaces: false,
  prohibited: lettersOf(alwaysProhibited),
  prohibitedAscii: nothing,
};
const saslprepProfile: Profile = { ...resourceprepProfile, mapsSpaces: true };

const unassigned = lettersOf(["A.1"]);
const mappedToNothing = lettersOf(["B.1"]);
const nonAsciiSpaces = lettersOf(["C.1.2"]);
const rightToLeft = lettersOf(["D.1"]);
const leftToRight = lettersOf(["D.2"]);

function lettersOf(tables: readonly string[]): ReadonlySet<string> {
  const inAny = (names: string): boolean => names.split(" ").some((name) => tables.includes(name));
  return new Set(Object.entries(stringprepLegend).flatMap(([letter, names]) => (inAny(names) ? [letter] : [])));
}

const codePoints = new CodePointTable(stringprepRuns);
const folding = readMappings(foldingEntries);

function letterOf(character: string): string {
  return codePoints.classOf(character.codePointAt(0)!);
}

/** RFC 3454 §2: map, normalise, prohibit, check both directions. */
function prepare(profile: Profile, input: string, options: StringprepOptions | undefined): string | undefined {
  const mapped = mapCharacters(profile, input);
  const refusesUnassigned = options?.unassigned !== "allowed";
  if (refusesUnassigned && Array.from(mapped).some((character) => unassigned.has(letterOf(character))))
    return undefined;
  const normalized = normalizeAsUnicode32(mapped);
  const letters = Array.from(normalized, letterOf);
  if (letters.some((letter) => profile.prohibited.has(letter)) || profile.prohibitedAscii.test(normalized))
    return undefined;
  return obeysDirections(letters) ? normalized : undefined;
}

function mapCharacters(profile: Profile, input: string): string {
  return Array.from(input, (character) => {
    const letter = letterOf(character);
    // U+200B is in both tables; RFC 4013 §2.1 names the spaces first.
    if (profile.mapsSpaces && nonAsciiSpaces.has(letter)) return " ";
    if (mappedToNothing.has(letter)) return "";
    return profile.foldsCase ? (folding.get(character) ?? character) : character;
  }).join("");
}

/**
 * NFKC as Unicode 3.2 had it. What was assigned then normalises today as it did, but for the five ideographs of
 * Corrigendum 4. What was not assigned then was left alone, and kept its neighbours apart.
 */
function normalizeAsUnicode32(text: string): string {
  let result = "";
  let assigned = "";
  for (const character of text) {
    if (unassigned.has(letterOf(character))) {
      result += assigned.normalize("NFKC") + character;
      assigned = "";
    } else {
      assigned += beforeCorrigendum4.get(character) ?? character;
    }
  }
  return result + assigned.normalize("NFKC");
}

const beforeCorrigendum4: ReadonlyMap<string, string> = new Map([
  ["\u{2f868}", "\u{2136a}"],
  ["\u{2f874}", "\u5f33"],
  ["\u{2f91f}", "\u43ab"],
  ["\u{2f95f}", "\u7aae"],
  ["\u{2f9bf}", "\u4d57"],
]);

/** RFC 3454 §6: with right-to-left letters no left-to-right ones, and the former first and last. */
function obeysDirections(letters: readonly string[]): boolean {
  if (!letters.some((letter) => rightToLeft.has(letter))) return true;
  const first = letters[0] ?? "";
  const last = letters.at(-1) ?? "";
  return !letters.some((letter) => leftToRight.has(letter)) && rightToLeft.has(first) && rightToLeft.has(last);
}
