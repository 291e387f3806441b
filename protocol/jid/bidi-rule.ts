import { CodePointTable } from "./code-point-table.ts";
import { bidiRuns } from "./unicode.generated.ts";

const bidiClasses = new CodePointTable(bidiRuns);

/**
 * Whether text that contains right-to-left code points obeys the Bidi rule of RFC 5893 §2, which keeps what is shown
 * in the order of what is stored. Text without such code points always does.
 */
export function obeysBidiRule(text: string): boolean {
  const classes = Array.from(text, (character) => bidiClasses.classOf(character.codePointAt(0)!)).join("");
  if (!/[RA]/.test(classes)) return true;
  // The letters are those of bidiRuns. Conditions 2 to 4 for text that starts right-to-left, 5 and 6 for the other way.
  if (classes.startsWith("R")) {
    return /^[RAENM]*$/.test(classes) && /[RAE]M*$/.test(classes) && !(classes.includes("E") && classes.includes("A"));
  }
  return classes.startsWith("L") && /^[LENM]*$/.test(classes) && /[LE]M*$/.test(classes);
}
