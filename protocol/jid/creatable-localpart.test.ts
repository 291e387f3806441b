import { equal } from "node:assert/strict";
import { test } from "node:test";
import { isCreatableLocalpart } from "./creatable-localpart.ts";

const cases: readonly (readonly [name: string, local: string, creatable: boolean])[] = [
  ["an ASCII name can be created", "juliet", true],
  ["capital letters are no obstacle", "Juliet", true],
  ["an accented name can be created", "rené", true],
  ["a name of a script younger than stringprep can be created", "\u2d63\u2d49\u2d54\u2d49", true],
  ["a final sigma is an ordinary one to old peers [rfc6122-2.3-01]", "οδος", false],
  ["a capital sigma at the end of a word becomes a final one", "ΟΔΟΣ", false],
  ["sharp s is two letters to old peers [rfc6122-2.3-01]", "fußball", false],
  ["a non-joiner is nothing to old peers", "نامه\u200cای", false],
  [
    "a Cyrillic letter among Latin ones looks like a Latin one [rfc6122-4.3.2-01] [rfc6122-4.3.2-02]",
    "juli\u0435t",
    false,
  ],
  ["a Greek letter among Cyrillic ones looks like a Cyrillic one [rfc6122-4.3.2-02]", "р\u03bfмео", false],
  ["a Cyrillic name with digits and a dot can be created [rfc6122-4.3.2-01]", "ромео.2", true],
  ["kanji, kana and Latin letters go together", "東京ひなtokyo", true],
  ["what is no localpart cannot be created", "a b", false],
];
for (const [name, local, creatable] of cases) test(name, () => equal(isCreatableLocalpart(local), creatable));
