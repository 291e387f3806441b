import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { makeJid, parseJid } from "./jid.ts";
import { formatXmppUri, parseXmppUri } from "./xmpp-uri.ts";
import vectors from "./vectors/xmpp-uri.json" with { type: "json" };

for (const vector of vectors.vectors) {
  test(`${vector.source} ${vector.uri}`, () => {
    const uri = parseXmppUri(vector.uri);
    ok(uri !== undefined);
    // The vectors call what an authority without path names "authority" and the path null.
    equal(uri.account, vector.authority);
    equal(uri.address, vector.path ?? undefined);
    equal(uri.query?.type, vector.query_type);
    deepEqual(Object.fromEntries(uri.query?.parameters ?? []), vector.params ?? {});
    equal(formatXmppUri(uri), vector.uri);
  });
}

const read: readonly (readonly [name: string, uri: string, expected: unknown])[] = [
  ["the scheme has no case", "XMPP:example.com", { address: "example.com" }],
  ["an IRI has letters of any script", "xmpp:jiři@čechy.example/v%20Praze", { address: "jiři@čechy.example/v Praze" }],
  [
    "an address is brought into canonical form",
    "xmpp:Romeo@XN--bcher-kva.example",
    { address: "romeo@bücher.example" },
  ],
  [
    "a key may come twice, and a value may be empty",
    "xmpp:a@b?x;k=1;k=",
    {
      address: "a@b",
      query: {
        type: "x",
        parameters: [
          ["k", "1"],
          ["k", ""],
        ],
      },
    },
  ],
  [
    "an encoded semicolon belongs to the value",
    "xmpp:a@b?x;k=1%3Bl%3D2",
    { address: "a@b", query: { type: "x", parameters: [["k", "1;l=2"]] } },
  ],
  [
    "an equals sign in a value stays",
    "xmpp:a@b?x;k=a=b",
    { address: "a@b", query: { type: "x", parameters: [["k", "a=b"]] } },
  ],
  ["a query that cannot be read is left out", "xmpp:a@b?x;novalue", { address: "a@b" }],
  ["a query without type that has a pair is left out", "xmpp:a@b?k=v", { address: "a@b" }],
  ["a fragment is kept", "xmpp:a@b#sec%20tion", { address: "a@b", fragment: "sec tion" }],
  ["a fragment that is no UTF-8 is left out", "xmpp:a@b#%ff", { address: "a@b" }],
  ["an account alone is enough", "xmpp://a@b", { account: "a@b" }],
  ["a resource may contain what looks like separators", "xmpp:a@b/c/d@e", { address: "a@b/c/d@e" }],
  ["an IPv6 address with its zone is read as written", "xmpp:a@[fe80::1%25eth0]", { address: "a@[fe80::1%25eth0]" }],
];
for (const [name, uri, expected] of read) test(name, () => deepEqual(parseXmppUri(uri), expected));

const refused: readonly (readonly [name: string, uri: string])[] = [
  ["another scheme is refused", "mailto:a@b"],
  ["a URI of nobody is refused", "xmpp:?join"],
  ["an account must be somebody's", "xmpp://example.com/a@b"],
  ["an account has no resource", "xmpp://a@b%2Fc"],
  ["an encoded @ does not separate", "xmpp:a%40b"],
  ["an encoded solidus does not separate", "xmpp:a@b%2Fc"],
  ["A19 an encoded @ cannot make another's address of a localpart", "xmpp:admin%40example.com@evil.example"],
  ["octets that are no UTF-8 are refused", "xmpp:%ff@b"],
  ["a stray percent sign is refused", "xmpp:a%@b"],
  ["a URI beyond the bound is refused", `xmpp:a@b?x;k=${"v".repeat(70_000)}`],
];
for (const [name, uri] of refused) test(name, () => equal(parseXmppUri(uri), undefined));

test("a query and a fragment with half a surrogate pair are left out, as what cannot be understood", () => {
  deepEqual(parseXmppUri("xmpp:a@b?\ud800#\udc00"), { address: parseJid("a@b") });
  deepEqual(parseXmppUri("xmpp:a@b?x;k=%41\ud800"), { address: parseJid("a@b") });
});

test("an IRI keeps letters readable and encodes what could be invisible or turn the line around", () => {
  const address = parseJid("jiři@čechy.example/\u{1f600}v Praze");
  ok(address !== undefined);
  equal(formatXmppUri({ address }, "iri"), "xmpp:jiři@čechy.example/%F0%9F%98%80v%20Praze");
});

test("what is written is read again, as URI and as IRI", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 8 });
  fc.assert(
    fc.property(text, text, text, text, (local, resource, type, value) => {
      const address = makeJid(local, "bücher.example", resource) ?? parseJid("example.com");
      ok(address !== undefined);
      const uri = {
        address,
        query: {
          type,
          parameters: [
            [value, type],
            ["k", value],
          ] as const,
        },
        fragment: value,
      };
      deepEqual(parseXmppUri(formatXmppUri(uri)), uri);
      deepEqual(parseXmppUri(formatXmppUri(uri, "iri")), uri);
      ok(/^[!-~]*$/.test(formatXmppUri(uri)));
    }),
    { numRuns: 500 },
  );
});
