/**
 * Cuts tools/uts39-confusables.json out of confusables.txt, the look-alikes of UTS #39: what a name of an account cannot
 * hold is left out. The file is taken from Debian's source package icu, 78.3-2 (in forky), where it is as Unicode
 * published it for 17.0.0, the version of all other tables; the package unicode-data does not have it. NOTICE has its licence.
 *
 *     apt-get source --download-only icu=78.3-2
 *     tar xzf icu_78.3.orig.tar.gz icu/source/data/unidata/confusables.txt
 *     node tools/cut-confusables.ts icu/source/data/unidata/confusables.txt
 *
 * Then `npm run generate`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { assert } from "#protocol/assert.ts";
import { prepareLocalpart } from "#protocol/jid/localpart.ts";

export interface Confusables {
  /** Of Unicode. */
  readonly version: string;
  /** In the order of the code points. */
  readonly entries: readonly (readonly [codePoint: number, prototype: readonly number[]])[];
}

/** @param text of confusables.txt, as Unicode publishes it */
export function cutConfusables(text: string): Confusables {
  const [, version] = /^# Version: (\d+\.\d+\.\d+)\s*$/mu.exec(text) ?? [];
  assert(version !== undefined, "the header says which version it is");
  const entries = Array.from(text.matchAll(/^([0-9A-F]+) ;\t([0-9A-F ]+?) ;\tMA\b/gmu), ([, from = "", to = ""]) => {
    return [Number.parseInt(from, 16), to.split(" ").map((digits) => Number.parseInt(digits, 16))] as const;
  });
  assert(entries.length > 0, "it has entries");
  return {
    version,
    entries: entries.filter(([codePoint]) => isInNames(codePoint)).toSorted(([one], [other]) => one - other),
  };
}

/** Letters behind which a mark or a joiner may stand where it may not stand alone: of Latin, Hebrew, Arabic, Devanagari. */
const surroundings = [
  ["", ""],
  ["a", ""],
  ["\u05d0", ""],
  ["\u0628", ""],
  ["\u0915", "\u0915"],
] as const;

/** Whether a localpart, decomposed as skeletons are, can hold the character. */
function isInNames(codePoint: number): boolean {
  const character = String.fromCodePoint(codePoint);
  if (character.normalize("NFD") !== character) return false;
  return surroundings.some(([before, behind]) => {
    const prepared = prepareLocalpart(before + character + behind);
    return prepared?.normalize("NFD").includes(character) ?? false;
  });
}

function show({ version, entries }: Confusables): string {
  const source = `confusables.txt of Unicode Security Mechanisms (UTS #39), version ${version}, as in Debian's source package icu 78.3-2; only the characters that names of accounts can hold, cut by tools/cut-confusables.ts`;
  const license = "Copyright 2025 Unicode, Inc.; Unicode License v3, see NOTICE";
  const lines = entries.map(([codePoint, prototype]) => `    [${codePoint}, [${prototype.join(", ")}]]`);
  return `{
  "source": ${JSON.stringify(source)},
  "license": ${JSON.stringify(license)},
  "version": ${JSON.stringify(version)},
  "entries": [
${lines.join(",\n")}
  ]
}
`;
}

if (import.meta.main) {
  const [path] = process.argv.slice(2);
  assert(path !== undefined, "node tools/cut-confusables.ts PATH-OF-CONFUSABLES.TXT");
  writeFileSync(new URL("uts39-confusables.json", import.meta.url), show(cutConfusables(readFileSync(path, "utf8"))));
}
