import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { prepareDomainpart } from "./domainpart.ts";
import vectors from "./vectors/punycode.json" with { type: "json" };

const cases: readonly (readonly [name: string, input: string, canonical: string | undefined])[] = [
  ["a host name without dots is allowed [rfc7622-3.2-02]", "localhost", "localhost"],
  ["digits may start a label", "3com.example", "3com.example"],
  [
    "the ideographic full stop separates labels, and is stripped behind the last [rfc6122-2.2-03] [rfc6122-2.2-04]",
    "例。example。",
    "例.example",
  ],
  ["a halfwidth katakana label is widened [rfc7622-3.2.2-01]", "ｱ.example", "ア.example"],
  ["sharp s is a letter of its own (IDNA2008)", "faß.example", "faß.example"],
  ["the A-label of sharp s is that letter [rfc7622-3.2.1-02]", "xn--fa-hia.example", "faß.example"],
  ["the final sigma is a letter of its own", "xn--pxavbm.example", "οδος.example"],
  ["capital sharp s becomes the small one", "FA\u1e9e.example", "faß.example"],
  ["a Hebrew label is allowed", "אב.example", "אב.example"],
  ["a Persian name with a non-joiner is allowed", "نامه\u200cای.example", "نامه\u200cای.example"],
  ["all labels obey the Bidi rule if one is right-to-left", "1a.אב", undefined],
  ["two trailing dots leave an empty label", "example.com..", undefined],
  ["an empty label is refused", "example..com", undefined],
  ["a dot alone is refused [rfc7622-3.2-05]", ".", undefined],
  ["a label must not start with a hyphen", "-a.example", undefined],
  ["a label must not end with a hyphen", "a-.example", undefined],
  ["hyphens in third and fourth place are reserved", "ab--c.example", undefined],
  ["an underscore is no letter of host names [rfc7622-3.2.1-01]", "_xmpp.example", undefined],
  ["a label must not start with a mark", "\u0301a.example", undefined],
  ["a symbol is refused though browsers take it [rfc7622-3.2.1-01]", "☃.example", undefined],
  ["the A-label of a symbol is refused as well [rfc7622-3.2.1-02]", "xn--n3h.example", undefined],
  ["a compatibility form is refused, not mapped", "Ⅳ.example", undefined],
  ["an A-label that decodes to nothing is refused", "xn--.example", undefined],
  ["an A-label of ASCII is refused", "xn--abc-.example", undefined],
  ["an A-label that is no Punycode is refused", "xn--\u00fc.example", undefined],
  ["an A-label of capital letters in disguise is refused", "xn--Bcher-Kva8b.example", undefined],
  ["a fake A-label of U-label shape is refused", "xn--bcher-kva-.example", undefined],
  ["numbers that are no IPv4 address are refused [rfc7622-3.2-02]", "1.2.3", undefined],
  ["an octet above 255 is refused", "256.1.1.1", undefined],
  ["leading zeros are refused", "192.0.02.1", undefined],
  ["fullwidth digits of an IPv4 address are narrowed [rfc7622-3.2.2-01]", "１９２.0.2.1", "192.0.2.1"],
  ["an IPv4 address is a domain, dot or not [rfc7622-3.2-02] [rfc7622-3.2-04]", "192.0.2.1.", "192.0.2.1"],
  ["an IPv6 address is a domain, dot or not [rfc7622-3.2-02] [rfc7622-3.2-04]", "[::1].", "[::1]"],
  ["an IPv6 address needs its bracket closed", "[::1", undefined],
  ["an IPv6 address needs its brackets", "::1", undefined],
  ["an IPv4 address has no brackets", "[192.0.2.1]", undefined],
  ["a port is no part of a domain", "example.com:5222", undefined],
];
for (const [name, input, canonical] of cases) {
  test(name, () => {
    equal(prepareDomainpart(input), canonical);
    if (canonical !== undefined) equal(prepareDomainpart(canonical), canonical);
  });
}

for (const { id, source, unicode, punycode } of vectors.vectors) {
  test(`${id} ${source} an A-label and its U-label are the same domain`, () => {
    const fromUnicode = prepareDomainpart(`${unicode}.example`);
    equal(prepareDomainpart(`xn--${punycode}.example`), fromUnicode);
    equal(fromUnicode !== undefined, !notDomains.has(id));
  });
}
// Examples of Punycode that are no labels: (A) ends in a question mark, (H) is too long, (S) is made of ASCII symbols.
const notDomains: ReadonlySet<string> = new Set(["rfc3492-A", "rfc3492-H", "rfc3492-S"]);

test("a name of nothing or of 1024 octets is refused, in ASCII and beyond [rfc7622-3.2-05]", () => {
  equal(prepareDomainpart(""), undefined);
  equal(prepareDomainpart("ab.".repeat(341) + "c"), undefined);
  equal(prepareDomainpart("ü.".repeat(341) + "c"), undefined);
});

test("a name of 253 octets in A-labels is allowed, and one more is not [rfc7622-3.2-05] [rfc6122-2.2-06] [rfc6122-2.2-07]", () => {
  const labels = "a".repeat(61);
  equal(prepareDomainpart(`${labels}.${labels}.${labels}.${"b".repeat(63)}.com`)?.length, 253);
  equal(prepareDomainpart(`${labels}.${labels}.${labels}.${"b".repeat(63)}.info`), undefined);
  ok(prepareDomainpart(`${"ü".repeat(50)}.example`) !== undefined);
  equal(prepareDomainpart(`${"ü".repeat(63)}.example`), undefined, "its A-label is longer than 63 octets");
});

test("a canonical domain of any origin is its own canonical form", () => {
  const letters = fc.constantFrom(
    ...Array.from("aZ9-.üßσςΣİאبｱＡ。٣۳ー・\u0301\u200c\u094d"),
    "xn--",
    "xn--bcher-kva",
    "xn--fa-hia",
    "\u{1f600}",
    "\ud800",
  );
  let valid = 0;
  fc.assert(
    fc.property(fc.array(letters, { minLength: 1, maxLength: 8 }), (pieces) => {
      const domain = prepareDomainpart(pieces.join(""));
      if (domain === undefined) return;
      valid++;
      equal(prepareDomainpart(domain), domain);
    }),
    { numRuns: 2000 },
  );
  ok(valid > 50, "the generator makes domains");
});
