import assert from "node:assert/strict";
import { isCreatableLocalpart } from "#protocol/jid/creatable-localpart.ts";
import { prepareDomainpart } from "#protocol/jid/domainpart.ts";
import { prepareLocalpart } from "#protocol/jid/localpart.ts";
import {
  nickname,
  nicknameForComparison,
  opaqueString,
  usernameCaseMapped,
  usernameCasePreserved,
} from "#protocol/jid/precis.ts";
import { prepareResourcepart } from "#protocol/jid/resourcepart.ts";
import { nameprep, nodeprep, resourceprep, saslprep } from "#protocol/jid/stringprep.ts";
import { looseTextOf } from "../engine/byte-strings.ts";
import { textMutations } from "../engine/mutate-text.ts";
import { fuzzTarget } from "../engine/target.ts";

type Prepare = (text: string) => string | undefined;

/** What prepares a text, and whether what it makes may be empty. */
const profiles: readonly (readonly [name: string, prepare: Prepare, mayBeEmpty: boolean])[] = [
  ["usernameCaseMapped", usernameCaseMapped, false],
  ["usernameCasePreserved", usernameCasePreserved, false],
  ["opaqueString", opaqueString, false],
  ["nickname", nickname, false],
  ["nicknameForComparison", nicknameForComparison, false],
  ["localpart", prepareLocalpart, false],
  ["domainpart", prepareDomainpart, false],
  ["resourcepart", prepareResourcepart, false],
  ["nodeprep", nodeprep, true],
  ["resourceprep", resourceprep, true],
  ["nameprep", nameprep, true],
  ["saslprep", saslprep, true],
];

export const target = fuzzTarget({
  summary: "what PRECIS, IDNA and stringprep have prepared stays as it is when it is prepared again",
  bytesMax: 1_024,
  roundExecutions: 250_000,
  words: [
    "ß",
    "ς",
    "Σ",
    "İ",
    "ı",
    "ŉ",
    "ǅ",
    "ﬁ",
    "Å",
    "ａ",
    "ｶﾞ",
    "\u0301",
    "\u200d",
    "\u200c",
    "\u00ad",
    "·",
    "׳",
    "٠",
    "۰",
    "א",
    "a",
    " ",
    "\u3000",
    "ㅋ",
    "xn--",
    ".",
  ],
  seeds: [
    "juliet",
    "Ünïcode Straße",
    "שלום",
    "سلام٠",
    "l·l",
    "ΣΊΣΥΦΟΣ",
    "ｆｕｌｌ",
    "a b",
    "müller.example",
    "xn--mller-kva",
    "ⅣⅨ",
    "한국어",
    "\u{2f868}",
  ],
  mutations: textMutations,
  run: (input) => {
    const text = looseTextOf(input);
    for (const [name, prepare, mayBeEmpty] of profiles) {
      const prepared = prepare(text);
      if (prepared === undefined) continue;
      assert.ok(mayBeEmpty || prepared !== "", `${name}: nothing is left`);
      assert.ok(prepared.isWellFormed(), `${name}: half a surrogate pair is left`);
      const again = prepare(prepared);
      // NFKC makes letters of allowed ones that are not allowed, in nicknames alone (see nicknameOf).
      if (again === undefined && name.startsWith("nickname")) continue;
      assert.equal(again, prepared, `${name}: prepared again it is another text`);
    }
    const local = prepareLocalpart(text);
    // Who still goes by stringprep must arrive at the same name.
    if (local !== undefined && isCreatableLocalpart(local))
      assert.equal(nodeprep(local, { unassigned: "allowed" }), local, "a name that means two");
    assert.equal(isCreatableLocalpart(text), local !== undefined && isCreatableLocalpart(local));
  },
});
