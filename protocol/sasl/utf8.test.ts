import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

test("encoding and decoding do what the platform's strict ones do", () => {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const platform = (bytes: Uint8Array): string | undefined => {
    try {
      return strict.decode(bytes);
    } catch {
      return undefined;
    }
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => assert.equal(decodeUtf8(bytes), platform(bytes))),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
      assert.deepEqual(encodeUtf8(text), new TextEncoder().encode(text));
      assert.equal(decodeUtf8(encodeUtf8(text)), text);
    }),
  );
});

const notUtf8 = {
  "an overlong slash": [0xc0, 0xaf],
  "an overlong NUL": [0xe0, 0x80, 0x80],
  "a surrogate": [0xed, 0xa0, 0x80],
  "a code point past the last": [0xf4, 0x90, 0x80, 0x80],
  "a truncated sequence": [0xe2, 0x82],
  "a stray continuation": [0x80],
  "ISO 8859-1": [0x66, 0xfc, 0x72],
};
for (const [name, bytes] of Object.entries(notUtf8)) {
  test(`${name} is not UTF-8`, () => assert.equal(decodeUtf8(Uint8Array.from(bytes)), undefined));
}

test("a lone surrogate is replaced", () => {
  assert.deepEqual(encodeUtf8("a\ud800b"), new TextEncoder().encode("a\ufffdb"));
});
