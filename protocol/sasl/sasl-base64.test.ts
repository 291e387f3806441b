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

const refused = ["A", "AB", "ABC", "AB=", "A===", "====", "AB==CD==", "AAAA=", " AAA", "AAA\n", "AA-_", "AB==", "AAB="];
for (const text of refused) {
  test(`${JSON.stringify(text)} is not base64`, () => {
    assert.deepEqual(decodeSaslContent(text), { ok: false, condition: "incorrect-encoding" });
  });
}

test("no content, '=' and data are three things", () => {
  for (const data of [undefined, new Uint8Array(), new Uint8Array([0]), new Uint8Array([1, 2, 3])]) {
    assert.deepEqual(decodeSaslContent(encodeSaslContent(data)), { ok: true, data });
  }
  assert.equal(encodeSaslContent(new Uint8Array()), "=");
});

test("content that is too long is not decoded", () => {
  const text = encodeBase64(new Uint8Array(saslMessageBytesMax + 3));
  assert.deepEqual(decodeSaslContent(text), { ok: false, condition: "malformed-request" });
});
