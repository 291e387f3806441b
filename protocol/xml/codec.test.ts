import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { base64Decode, base64Encode } from "./base64.ts";
import { boolean, integer, oneOf, text } from "./codec.ts";

suite("codecs read and write", () => {
  test("booleans as XML Schema has them", () => {
    const read = ["true", "1", " true\n", "false", "0", "TRUE", "yes", "", "\u00a0true"].map(boolean.decode);
    assert.deepEqual(read, [true, true, true, false, false, undefined, undefined, undefined, undefined]);
    assert.deepEqual([true, false].map(boolean.encode), ["true", "false"]);
  });
  test("integers within their bounds", () => {
    const priority = integer({ min: -128, max: 127 });
    const read = ["0", "-128", "127", "+5", " 7 ", "007", "-129", "128", "1.0", "1e2", "", "-", "0x10", "१"];
    assert.deepEqual(read.map(priority.decode), [
      0, -128, 127, 5, 7, 7, ...Array.from({ length: 8 }, () => undefined),
    ]); // prettier-ignore
    assert.ok(Object.is(priority.decode("-0"), 0));
    assert.throws(() => priority.encode(128), RangeError);
    assert.throws(() => priority.encode(0.5), RangeError);
  });
  test("integers without bounds as xs:unsignedInt", () => {
    assert.deepEqual(["4294967295", "4294967296", "-1"].map(integer().decode), [4_294_967_295, undefined, undefined]);
    assert.equal(integer({ max: Infinity }).decode("9007199254740993"), undefined, "which no number is");
  });
  test("words exactly", () => {
    assert.deepEqual(["a", "b", "A", "", " a"].map(oneOf("a", "b").decode), [
      "a",
      "b",
      undefined,
      undefined,
      undefined,
    ]);
    assert.equal(text.decode(" x "), " x ");
  });
});

suite("base 64", () => {
  const pairs = [
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg=="],
    ["fooba", "Zm9vYmE="],
    ["foobar", "Zm9vYmFy"],
  ] as const;
  for (const [plain, encoded] of pairs) {
    test(`${JSON.stringify(plain)} (RFC 4648 §10)`, () => {
      const bytes = new TextEncoder().encode(plain);
      assert.equal(base64Encode(bytes), encoded);
      assert.deepEqual(base64Decode(encoded), bytes);
    });
  }
  test("every octet there and back", () => {
    const bytes = Uint8Array.from({ length: 1024 }, (_, index) => (index * 7) & 0xff);
    assert.deepEqual(base64Decode(base64Encode(bytes)), bytes);
    assert.equal(base64Encode(bytes), Buffer.from(bytes).toString("base64"));
  });
  test("white space is skipped", () => assert.deepEqual(base64Decode(" Zm9v\r\n\tYg = = "), base64Decode("Zm9vYg==")));
  const refused = [
    "Z",
    "Zg",
    "Zg=",
    "Zg===",
    "Zh==",
    "Zm9=",
    "Zm9v=",
    "Zm9v====",
    "=Zg=",
    "Zm=v",
    "Zm-v",
    "Zm_v",
    "Zm9v\u00a0",
    "é",
    "Zg==Zg==",
  ];
  for (const encoded of refused) test(`refuses ${encoded}`, () => assert.equal(base64Decode(encoded), undefined));
});
