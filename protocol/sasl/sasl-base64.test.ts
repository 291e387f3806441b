import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  decodeBase64,
  decodeSaslContent,
  encodeBase64,
  encodeSaslContent,
  saslMessageBytesMax,
} from "./sasl-base64.ts";

test("any bytes come back as they went", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.deepEqual(decodeBase64(encodeBase64(bytes)), bytes);
      assert.equal(encodeBase64(bytes), Buffer.from(bytes).toString("base64"));
    }),
  );
});

test("a text that is read is the only spelling of its bytes", () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom("A", "B", "b", "z", "0", "9", "+", "/", "=", "-", " ", "\n", "_", "é"),
        maxLength: 12,
      }),
      (text) => {
        const bytes = decodeBase64(text);
        if (bytes !== undefined) assert.equal(encodeBase64(bytes), text);
      },
    ),
  );
});

const refused: readonly (readonly [text: string, rule: string])[] = [
  ["A", "[rfc6120-13.9.1-01]"],
  ["AB", "[rfc6120-13.9.1-01]"],
  ["ABC", "[rfc6120-13.9.1-01]"],
  ["AB=", "[rfc6120-13.9.1-01]"],
  ["A===", "[rfc6120-13.9.1-03]"],
  ["====", "[rfc6120-13.9.1-03]"],
  ["=AAA", "[rfc6120-13.9.1-03]"],
  ["BBBB=CCC", "[rfc6120-13.9.1-03]"],
  ["AB==CD==", "[rfc6120-13.9.1-03]"],
  ["AAAA=", "[rfc6120-13.9.1-03]"],
  [" AAA", "[rfc6120-13.9.1-02]"],
  ["AAA\n", "[rfc6120-13.9.1-02]"],
  ["AA-_", "[rfc6120-13.9.1-02]"],
  ["AAAé", "[rfc6120-13.9.1-02]"],
  ["AB==", "[rfc6120-13.9.1-04]"],
  ["AAB=", "[rfc6120-13.9.1-04]"],
];
for (const [text, rule] of refused) {
  test(`${JSON.stringify(text)} is not base64 [rfc6120-6.3.5-02] ${rule}`, () => {
    assert.deepEqual(decodeSaslContent(text), { ok: false, condition: "incorrect-encoding" });
  });
}

test("no content, '=' and data are three things [rfc6120-6.4.2-02] [rfc6120-6.4.6-03]", () => {
  for (const data of [undefined, new Uint8Array(), new Uint8Array([0]), new Uint8Array([1, 2, 3])]) {
    assert.deepEqual(decodeSaslContent(encodeSaslContent(data)), { ok: true, data });
  }
  assert.equal(encodeSaslContent(new Uint8Array()), "=");
});

test("content that is too long is not decoded", () => {
  const text = encodeBase64(new Uint8Array(saslMessageBytesMax + 3));
  assert.deepEqual(decodeSaslContent(text), { ok: false, condition: "malformed-request" });
});
