import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeUtf8 } from "#protocol/sasl/utf8.ts";
import { domain } from "../testing/server.ts";
import { dialbackKeys } from "./dialback-key.ts";

const vectors = [
  [
    "XEP-0220 §2.1.1",
    "s3cr3tf0rd14lb4ck",
    ["montague.example", "capulet.example", "D60000229F"],
    "b4835385f37fe2895af6c196b59097b16862406db80559900d96bf6fa7d23df3",
  ],
  [
    "XEP-0220 §2.2.2",
    "d14lb4ck43v3r",
    ["capulet.example", "montague.example", "417GAF25"],
    "225cc5aa6a071133249d25fef42ae516fc7a86c523aa1c6980a7f73e784c972d",
  ],
  [
    "XEP-0185 §3",
    "s3cr3tf0rd14lb4ck",
    ["xmpp.example.com", "example.org", "D60000229F"],
    "37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643",
  ],
] as const;

for (const [source, secret, [receiving, originating, id], key] of vectors)
  test(`the key of ${source} [xep0185-2-01] [xep0185-2-02] [xep0185-2-03] [xep0185-2-06] [rfc3920-8.1-05]`, () => {
    const make = dialbackKeys(encodeUtf8(secret));
    assert.equal(make({ receiving: domain(receiving), originating: domain(originating), id }), key);
  });

test("A33 the parts of a key do not run into one another [xep0185-2-07]", () => {
  const make = dialbackKeys(encodeUtf8("s3cr3tf0rd14lb4ck"));
  const claims = [
    ["example.info", "rm.example.org", "1"],
    ["example.in", "form.example.org", "1"],
    ["example.info", "rm.example.or", "g1"],
    ["example.info", "rm.example.org", " 1"],
    ["example.info", "rm.example.org", "1 "],
    ["rm.example.org", "example.info", "1"],
    ["a.example", "b.example", "c.example 1"],
    ["b.example", "c.example", "1"],
  ] as const;
  const keys = claims.map(([receiving, originating, id]) =>
    make({ receiving: domain(receiving), originating: domain(originating), id }),
  );
  assert.equal(new Set(keys).size, claims.length);
});

test("a secret that can be guessed makes no keys [xep0185-2-04]", () => {
  assert.throws(() => dialbackKeys(encodeUtf8("short")), /secret/);
});
