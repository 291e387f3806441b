import { equal } from "node:assert/strict";
import { test } from "node:test";
import { isCreatableLocalpart } from "./creatable-localpart.ts";

const cases: readonly (readonly [name: string, local: string, creatable: boolean])[] = [
  ["an ASCII name can be created", "juliet", true],
  ["capital letters are no obstacle", "Juliet", true],
  ["an accented name can be created", "rené", true],
  ["a name of a script younger than stringprep can be created", "\u2d63\u2d49\u2d54\u2d49", true],
  ["a final sigma is an ordinary one to old peers", "οδος", false],
  ["a capital sigma at the end of a word becomes a final one", "ΟΔΟΣ", false],
  ["sharp s is two letters to old peers", "fußball", false],
  ["a non-joiner is nothing to old peers", "نامه\u200cای", false],
  ["what is no localpart cannot be created", "a b", false],
];
for (const [name, local, creatable] of cases) test(name, () => equal(isCreatableLocalpart(local), creatable));
