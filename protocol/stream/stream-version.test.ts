import assert from "node:assert/strict";
import { test } from "node:test";
import { formatVersion, legacyVersion, lowerVersion, parseVersion, speaksFeatures } from "./stream-version.ts";

test("versions are compared as numbers, not as fractions, and the lower is taken [rfc6120-4.7.5-01] [rfc6120-4.7.5-05] [rfc6120-4.7.5-06]", () => {
  const lower = (a: string, b: string) => {
    const [left, right] = [parseVersion(a), parseVersion(b)];
    assert(left !== undefined && right !== undefined);
    return formatVersion(lowerVersion(left, right));
  };
  assert.equal(lower("2.4", "2.13"), "2.4");
  assert.equal(lower("2.13", "12.3"), "2.13");
  assert.equal(lower("1.0", "1.0"), "1.0");
});

test("leading zeros are ignored and not sent [rfc6120-4.7.5-02]", () => {
  assert.deepEqual(parseVersion("06.01"), { major: 6, minor: 1 });
});

for (const text of ["", "1", "1.", ".0", "1.0.0", "-1.0", "1,0", "1.0 ", "1e1.0", "9999999999.0"]) {
  test(`${JSON.stringify(text)} is no version`, () => assert.equal(parseVersion(text), undefined));
}

test("who sends no version speaks 0.9, which has no features [rfc6120-4.7.5-08]", () => {
  assert.equal(formatVersion(legacyVersion), "0.9");
  assert.equal(speaksFeatures(legacyVersion), false);
});
