import { CodePointTable } from "./code-point-table.ts";
import { joiningRuns, viramaRuns } from "./unicode.generated.ts";

const joiningTypes = new CodePointTable(joiningRuns);
const viramas = new CodePointTable(viramaRuns);

/**
 * Whether every code point that is only valid in some context (CONTEXTJ, CONTEXTO) stands in one. RFC 5892 appendix A,
 * used by IDNA2008 and PRECIS alike. Takes time linear in the text: rules about the whole text are asked once, and the
 * search around a joiner ends at the next joiner.
 */
export function obeysContextRules(text: string): boolean {
  const characters = Array.from(text);
  return wholeTextRules(text) && characters.every((character, index) => neighbourRule(character, characters, index));
}

function wholeTextRules(text: string): boolean {
  // A.7: a katakana middle dot needs one letter of Japanese writing anywhere.
  if (text.includes("\u30fb") && !/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u.test(text)) return false;
  // A.8, A.9: the two sets of Arabic-Indic digits, of which some look alike, do not mix.
  return !(/[\u0660-\u0669]/.test(text) && /[\u06f0-\u06f9]/.test(text));
}

function neighbourRule(character: string, characters: readonly string[], index: number): boolean {
  const before = characters[index - 1] ?? "";
  const after = characters[index + 1] ?? "";
  switch (character) {
    case "\u200c": // A.1 zero width non-joiner
      return isVirama(before) || (joinsAcross(characters, index, -1) && joinsAcross(characters, index, 1));
    case "\u200d": // A.2 zero width joiner
      return isVirama(before);
    case "\u00b7": // A.3 middle dot: the Catalan l·l
      return before === "l" && after === "l";
    case "\u0375": // A.4 Greek lower numeral sign
      return /^\p{Script=Greek}$/u.test(after);
    case "\u05f3": // A.5 Hebrew geresh
    case "\u05f4": // A.6 Hebrew gershayim
      return /^\p{Script=Hebrew}$/u.test(before);
    default:
      return true;
  }
}

function isVirama(character: string): boolean {
  return character !== "" && viramas.classOf(character.codePointAt(0)!) === "V";
}

/** Whether the next letter in that direction, transparent marks left out, would join towards the one at `index`. */
function joinsAcross(characters: readonly string[], index: number, direction: -1 | 1): boolean {
  for (let i = index + direction; i >= 0 && i < characters.length; i += direction) {
    const type = joiningTypes.classOf(characters[i]!.codePointAt(0)!);
    if (type !== "T") return type === "D" || type === (direction === -1 ? "L" : "R");
  }
  return false;
}
