import { obeysBidiRule } from "./bidi-rule.ts";
import { CodePointTable } from "./code-point-table.ts";
import { obeysContextRules } from "./context-rules.ts";
import { precisRuns } from "./unicode.generated.ts";
import { mapWidth } from "./width-mapping.ts";

/**
 * The canonical form of a user name without regard to case, `undefined` if it is none.
 * RFC 8265 §3.3: width mapping, IdentifierClass, lower case, NFC, Bidi rule, in this order.
 */
export function usernameCaseMapped(input: string): string | undefined {
  if (isPlainIdentifier(input)) return input.toLowerCase();
  // toLowerCase() is the operation of the Unicode Standard, final sigma included; it takes no account of any locale.
  return applyUntilStable(input, (text) => username(text, (prepared) => prepared.toLowerCase()));
}

/** The canonical form of a user name, case kept, `undefined` if it is none. RFC 8265 §3.4. */
export function usernameCasePreserved(input: string): string | undefined {
  return isPlainIdentifier(input) ? input : applyUntilStable(input, (text) => username(text, (prepared) => prepared));
}

/**
 * The canonical form of a password or any other text whose letters all count, `undefined` if it is none.
 * RFC 8265 §4.2: FreeformClass, spaces of any kind become U+0020, NFC.
 */
export function opaqueString(input: string): string | undefined {
  if (isPlainFreeform(input)) return input;
  return applyUntilStable(input, (text) => {
    if (!isInClass(text, "freeform")) return undefined;
    return notEmpty(mapSpaces(text).normalize("NFC"));
  });
}

/** The form in which a nickname is shown, `undefined` if it is none. RFC 8266 §2.3. */
export function nickname(input: string): string | undefined {
  return nicknameOf(input, (text) => tidySpaces(text).normalize("NFKC"));
}

/** The form by which nicknames are compared: those that differ in case alone collide. RFC 8266 §2.4. */
export function nicknameForComparison(input: string): string | undefined {
  return nicknameOf(input, (text) => tidySpaces(text).toLowerCase().normalize("NFKC"));
}

const precisClasses = new CodePointTable(precisRuns);

/** Once, and three times more. RFC 8264 §7. */
const applicationsMax = 4;

/** The fixed point that the rules lead to, `undefined` where they refuse or lead to none in time. RFC 8264 §7. */
function applyUntilStable(input: string, rules: (text: string) => string | undefined): string | undefined {
  let text = input;
  for (let application = 1; application <= applicationsMax; application++) {
    const result = rules(text);
    if (result === undefined || result === text) return result;
    text = result;
  }
  return undefined;
}

function username(input: string, mapCase: (text: string) => string): string | undefined {
  const prepared = mapWidth(input);
  if (!isInClass(prepared, "identifier")) return undefined;
  const normalized = mapCase(prepared).normalize("NFC");
  return obeysBidiRule(normalized) ? notEmpty(normalized) : undefined;
}

// The class is asked of the input alone: NFKC turns letters that are allowed (the Korean ㅋ) into some that are not,
// and RFC 8266 §2.1 repeats the rules, not the preparation.
function nicknameOf(input: string, rules: (text: string) => string): string | undefined {
  return isInClass(input, "freeform") ? applyUntilStable(input, (text) => notEmpty(rules(text))) : undefined;
}

/** RFC 8264 §4.2, §4.3; the letters are those of precisRuns. */
function isInClass(text: string, stringClass: "identifier" | "freeform"): boolean {
  const allowed = stringClass === "identifier" ? "PJO" : "PJOF";
  let contextual = false;
  for (const character of text) {
    const precisClass = precisClasses.classOf(character.codePointAt(0)!);
    if (!allowed.includes(precisClass)) return false;
    contextual ||= precisClass === "J" || precisClass === "O";
  }
  return !contextual || obeysContextRules(text);
}

function mapSpaces(text: string): string {
  return text.replace(/\p{Zs}/gu, " ");
}

function tidySpaces(text: string): string {
  return mapSpaces(text).replace(/ {2,}/g, " ").replace(/^ | $/g, "");
}

function notEmpty(text: string): string | undefined {
  return text === "" ? undefined : text;
}

function isPlainIdentifier(text: string): boolean {
  return /^[!-~]+$/.test(text);
}

function isPlainFreeform(text: string): boolean {
  return /^[ -~]+$/.test(text);
}
