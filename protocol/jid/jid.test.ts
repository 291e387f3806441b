import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  bareOf,
  domainOf,
  isBare,
  isDomain,
  isFull,
  type Jid,
  localpartOf,
  makeJid,
  parseJid,
  resourceOf,
  withResource,
} from "./jid.ts";
import vectors from "./vectors/jid.json" with { type: "json" };

for (const { id, jid, valid, note } of vectors.vectors) {
  // Row 18 of RFC 7622 was withdrawn by erratum 4560: a resource may start with a space.
  test(`${id} ${note}`, () => equal(parseJid(jid) !== undefined, valid ?? true));
}

const canonicalForms: readonly (readonly [name: string, input: string, canonical: string])[] = [
  [
    "ASCII letters of localpart and domain become small, those of the resource stay [rfc7622-3.2.2-01] [rfc7622-3.3-02]",
    "JulieT@EXAMPLE.com/Balcony",
    "juliet@example.com/Balcony",
  ],
  ["the dot of the root is stripped [rfc7622-3.2-03]", "juliet@example.com./balcony", "juliet@example.com/balcony"],
  ["an A-label becomes a U-label [rfc7622-3.2.1-02]", "juliet@XN--bcher-kva.example", "juliet@bücher.example"],
  ["fullwidth letters of a localpart become ASCII [rfc7622-3.3-02]", "ｊｕｌｉｅｔ@example.com", "juliet@example.com"],
  ["fullwidth letters of a resource stay", "juliet@example.com/Ｂ", "juliet@example.com/Ｂ"],
  [
    "a composed letter and its decomposed spelling are the same",
    "re\u0301sume\u0301@example.com/e\u0301",
    "r\u00e9sum\u00e9@example.com/\u00e9",
  ],
  [
    "a capital sigma at the end of a word is a final one in a localpart, and not in a domain",
    "ΟΔΟΣ@ΟΔΟΣ.example",
    "οδος@οδοσ.example",
  ],
  [
    "any space in a resource becomes U+0020 [rfc7622-3.4-03]",
    "juliet@example.com/a\u3000b\u00a0c",
    "juliet@example.com/a b c",
  ],
  ["a resource may contain further separators [rfc7622-3.4-01]", "example.com/a/b@c/", "example.com/a/b@c/"],
  ["an emoji is a resource", "room@muc.example/\u{1f600}", "room@muc.example/\u{1f600}"],
  ["an IPv6 address is spelt in its shortest form", "juliet@[2001:DB8:0::01]/x", "juliet@[2001:db8::1]/x"],
  ["an IPv4 address stays", "juliet@192.0.2.1", "juliet@192.0.2.1"],
  [
    "a backslash and other punctuation of ASCII is allowed in localparts",
    "a\\20!#$%()*+,-.;=?[]^_`{|}~@example.com",
    "a\\20!#$%()*+,-.;=?[]^_`{|}~@example.com",
  ],
];
for (const [name, input, canonical] of canonicalForms) {
  test(name, () => {
    equal(parseJid(input), canonical);
    equal(parseJid(canonical), canonical, "the canonical form is its own");
  });
}

const refused: readonly (readonly [name: string, input: string])[] = [
  ["nothing is no address", ""],
  ["a lone separator is no address", "@"],
  ["a domain is required [rfc7622-3.2-01]", "juliet@/balcony"],
  ["an empty localpart is not an absent one [rfc7622-3.3-01]", "@example.com"],
  ["an empty resource is not an absent one [rfc7622-3.4-02]", "juliet@example.com/"],
  ["a second @ before the slash is not allowed", "juliet@example@com"],
  ["a fullwidth @ cannot smuggle a separator into the localpart", "admin＠example.com@example.net"],
  ["a fullwidth @ cannot smuggle a separator into the domain", "example.com＠example.net"],
  ["a fullwidth solidus cannot smuggle a separator into the domain", "example.com／balcony"],
  ["a space is not allowed in a domain", "juliet@example .com"],
  ["a line break is not allowed in a resource", "juliet@example.com/a\nb"],
  ["a URI of an address is no address [rfc6122-2.1-02]", "xmpp:juliet@example.com"],
  ["a URI of a domain is no address [rfc6122-2.1-02]", "xmpp:example.com"],
  ["a NUL is not allowed anywhere", "juliet\0@example.com"],
  ["a lone surrogate is not allowed in a localpart", "a\ud800@example.com"],
  ["a lone surrogate is not allowed in a resource", "example.com/\udc00"],
  ["a localpart with letters of both directions breaks the Bidi rule [rfc7622-3.3-02]", "אa@example.com"],
  ["a digit before a Hebrew letter breaks the Bidi rule", "1א@example.com"],
  ["Arabic-Indic and extended Arabic-Indic digits do not mix", "example.com/\u0660\u06f0"],
  ["a joiner without letters that join is not allowed", "a\u200cb@example.com"],
  ["an unassigned code point is not allowed", "\u0378@example.com"],
  ["a private use code point is not allowed [rfc7622-3.4-03]", "example.com/\ue000"],
];
for (const [name, input] of refused) test(name, () => equal(parseJid(input), undefined));

// Attack A19: names made to look like another's.
const lookalikes: readonly (readonly [name: string, input: string])[] = [
  ["a soft hyphen", "ad\u00admin@example.com"],
  ["a zero width space", "ad\u200bmin@example.com"],
  ["a zero width joiner", "ad\u200dmin@example.com"],
  ["a byte order mark", "\ufeffadmin@example.com"],
  ["a right-to-left override", "nimda\u202e@example.com"],
  ["a variation selector", "admin\ufe0f@example.com"],
  ["a Hangul filler", "admin\u3164@example.com"],
  ["a ligature", "o\ufb03ce@example.com"],
  ["a superscript", "admin\u00b2@example.com"],
  ["mathematical letters", "\u{1d41a}dmin@example.com"],
  ["the Kelvin sign", "\u212aate@example.com"],
  ["a soft hyphen in the domain", "admin@exam\u00adple.com"],
  ["a zero width space in the domain", "admin@exam\u200bple.com"],
  ["a ligature in the domain", "admin@o\ufb03ce.example"],
  ["an A-label that hides ASCII", "admin@xn--example-.com"],
  ["an invisible character in the resource", "muc.example/admin\u2060"],
];
for (const [what, input] of lookalikes)
  test(`A19 an address with ${what} is refused`, () => equal(parseJid(input), undefined));

test("the spellings of a domain are one domain: compared by their canonical form [rfc7622-3.2.3-01]", () => {
  const spellings = [
    "BÜCHER.example",
    "bu\u0308cher.example",
    "ｂücher.example",
    "xn--bcher-kva.example.",
    "bücher。example",
  ];
  equal(new Set(spellings.map((spelling) => parseJid(spelling))).size, 1);
});

test("names of many scripts are localparts, domains and resources, each by its own profile [rfc7622-5-01]", () => {
  equal(parseJid("ДЖУЛЬЕТТА@ΒΕΡΟΝΑ.example/ Ⅳ ♥"), "джульетта@βερονα.example/ Ⅳ ♥");
  equal(parseJid("♥@βερονα.example"), undefined, "a symbol is for resources");
  equal(parseJid("джульетта@♥.example"), undefined, "a symbol is for resources");
});

// What a keyboard may offer and what decomposes to a separator, RFC 6122 §A.7.
const hiddenSeparators =
  "\u2100\u2101\u2105\u2106\u226e\u226f\u2a74\ufe13\ufe60\ufe64\ufe65\ufe6b\uff02\uff06\uff07\uff0f\uff1a\uff1c\uff1e\uff20";
for (const character of hiddenSeparators) {
  test(`U+${character.codePointAt(0)?.toString(16)} is not let into a localpart [rfc6122-A.7-01]`, () =>
    equal(makeJid(`a${character}b`, "example.com"), undefined));
}

test("A19 case and width cannot tell two local names apart", () => {
  equal(
    new Set(["Admin", "ADMIN", "ａｄｍｉｎ", "ＡＤＭＩＮ"].map((local) => parseJid(`${local}@example.com`))).size,
    1,
  );
});

const partLimits: readonly (readonly [name: string, part: string, allowed: boolean])[] = [
  ["1023 octets are allowed", "a".repeat(1023), true],
  ["1024 octets are too many", "a".repeat(1024), false],
  ["1022 octets of two-octet letters are allowed", "é".repeat(511), true],
  ["1024 octets of two-octet letters are too many", "é".repeat(512), false],
  ["the limit counts the prepared form: 511 letters spelt with three units each", "u\u0308\u0304".repeat(511), true],
  ["letters of two units count four octets", "\u{20000}".repeat(255), true],
  ["a million marks are refused", "a" + "\u0323\u0301".repeat(500_000), false],
];
for (const [name, part, allowed] of partLimits) {
  test(`in a localpart ${name} [rfc7622-3.3-01] [rfc6122-2.1-01]`, () =>
    equal(parseJid(`${part}@example.com`) !== undefined, allowed));
  test(`in a resource ${name} [rfc7622-3.4-02] [rfc6122-2.1-01]`, () =>
    equal(parseJid(`example.com/${part}`) !== undefined, allowed));
}
test("the limits hold for plain ASCII as for anything else [rfc6122-2.1-01]", () => {
  equal(
    parseJid(`${"a".repeat(1023)}@${"b".repeat(63)}.example/${"c".repeat(1023)}`)?.length,
    1023 + 1 + 71 + 1 + 1023,
  );
  equal(parseJid(`${"b".repeat(64)}.example`), undefined);
  equal(parseJid(`${"b.".repeat(127)}bb`), undefined);
});

const parts: readonly (readonly [
  jid: string,
  local: string | undefined,
  domain: string,
  resource: string | undefined,
])[] = [
  ["example.com", undefined, "example.com", undefined],
  ["example.com/a@b/c", undefined, "example.com", "a@b/c"],
  ["juliet@example.com", "juliet", "example.com", undefined],
  ["juliet@example.com/a@b/c", "juliet", "example.com", "a@b/c"],
  ["juliet@[::1]/x", "juliet", "[::1]", "x"],
];
for (const [text, local, domain, resource] of parts) {
  test(`${text} falls into its parts and is made of them`, () => {
    const jid = parsed(text);
    deepEqual([localpartOf(jid), domainOf(jid), resourceOf(jid)], [local, domain, resource]);
    equal(makeJid(local, domain, resource), text);
    const bare = bareOf(jid);
    equal(bare, local === undefined ? domain : `${local}@${domain}`);
    deepEqual(
      [isBare(jid), isFull(jid), isDomain(jid)],
      [resource === undefined, resource !== undefined, text === domain],
    );
    ok(isBare(bare) && bareOf(bare) === bare && isDomain(domainOf(jid)));
    if (resource !== undefined) equal(withResource(bare, resource), text);
  });
}

test("parts that are no parts make no address", () => {
  equal(makeJid("a@b", "example.com"), undefined);
  equal(makeJid("", "example.com"), undefined);
  equal(makeJid("a", "example.com/x"), undefined);
  equal(makeJid("a", "b@example.com"), undefined);
  equal(makeJid(undefined, "example.com", ""), undefined);
  equal(withResource(bareOf(parsed("example.com")), "\t"), undefined);
});

test("any UTF-16 string is an address or none, and an address is its own canonical form and made of its parts", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), addressLike), (input) => {
      const jid = parseJid(input);
      if (jid === undefined) return;
      equal(parseJid(jid), jid);
      equal(makeJid(localpartOf(jid), domainOf(jid), resourceOf(jid)), jid);
      ok(new TextEncoder().encode(jid).length <= 3071);
    }),
    { numRuns: 2000 },
  );
});

test("the fast path for ASCII says what the long way says", () => {
  const fragments = [
    "a",
    "Z",
    "0",
    "-",
    "--",
    ".",
    "@",
    "/",
    "xn--",
    "\\",
    " ",
    "'",
    "_",
    "1.2.3.4",
    "\x7f",
    "[::1]",
    "com",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...fragments), { maxLength: 8 }), (pieces) => {
      const input = pieces.join("");
      const [, local, domain = "", resource] = /^(?:([^@/]*)@)?([^/]*)(?:\/(.*))?$/s.exec(input) ?? [];
      equal(parseJid(input), makeJid(local, domain, resource));
    }),
    { numRuns: 5000 },
  );
});

function parsed(text: string): Jid {
  const jid = parseJid(text);
  ok(jid !== undefined, `${text} is an address`);
  return jid;
}

/** Strings of the letters where the rules have something to say, so that a good part of them are addresses. */
const addressLike = fc
  .array(
    fc.constantFrom(
      ...Array.from(
        "aZ0-.éßσςΣİıſǅΐאبـ٣۳〇ー・ｱＡ＠／。한각ﬁⅣ²\u0301\u0323\u0345\u200c\u200d\u094d\u00b7l\u05f3\u0375\u3099\ud800 @/@/",
      ),
      "\u{1f600}",
      "\u{10400}",
      "\u{1e900}",
      "xn--",
      "xn--bcher-kva",
    ),
    { maxLength: 12 },
  )
  .map((letters) => letters.join(""));
