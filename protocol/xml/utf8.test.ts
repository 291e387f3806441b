import assert from "node:assert/strict";
import { test } from "node:test";
import { codePointOfBytes, isXmlCharacter, ordinarySequencesEnd } from "./characters.ts";
import { charactersEnd } from "./markup-parts.ts";
import { encodeUtf8, isXmlText, toXmlText } from "./utf8.ts";

/** What TextDecoder makes of the bytes: a code point, or -1 if they are not the UTF-8 of one. */
function decoded(bytes: readonly number[]): number {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
    const codePoint = text.codePointAt(0) ?? -1;
    return text.length === (codePoint > 0xffff ? 2 : 1) ? codePoint : -1;
  } catch {
    return -1;
  }
}

/** Every lead byte with continuation bytes around each border that UTF-8 knows. */
function* sequences(): Generator<readonly number[]> {
  const borders = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbd, 0xbe, 0xbf, 0xc0, 0xff];
  for (let lead = 0x80; lead <= 0xff; lead++) {
    yield [lead];
    for (const second of borders) {
      yield [lead, second];
      for (const third of borders) {
        yield [lead, second, third];
        for (const fourth of borders) yield [lead, second, third, fourth];
      }
    }
  }
}

test("A17 every sequence of UTF-8 is what the decoder of the platform says, overlong forms and surrogates included", () => {
  for (const bytes of sequences()) {
    const text = String.fromCharCode(...bytes);
    const expected = decoded(bytes);
    if (expected >= 0) assert.equal(codePointOfBytes(text, 0), expected, bytes.join(" "));
    else if (codePointOfBytes(text, 0) >= 0) {
      // A shorter sequence with something after it.
      assert.ok(
        bytes.slice(0, -1).some((_, index) => decoded(bytes.slice(0, index + 1)) >= 0),
        bytes.join(" "),
      );
    }
  }
});

test("A17 the quick look at sequences passes over nothing that the slow one refuses", () => {
  for (const bytes of sequences()) {
    const text = `${String.fromCharCode(...bytes)}<<<`;
    const end = ordinarySequencesEnd(text, 0);
    let slow = 0;
    while (slow < end) {
      const codePoint = codePointOfBytes(text, slow);
      assert.ok(codePoint > 0x7f && isXmlCharacter(codePoint), bytes.join(" "));
      slow += codePoint < 0x800 ? 2 : 3;
    }
    assert.equal(slow, end);
  }
  assert.equal(charactersEnd("\xd0\xbc\xd0\xb8\xe2\x82\xac\xf0\x9f\x98\x80", 0, true), 7);
});

test("texts that XML does not allow are told, and made such that it does", () => {
  const cases = [
    ["", ""],
    ["a\t\n\r\u007f\u0085\ud7ff\ue000\ufffd\u{10ffff}", undefined],
    ["a\u0000b", "a\ufffdb"],
    ["\u001b[0m", "\ufffd[0m"],
    ["\ufffe\uffff", "\ufffd\ufffd"],
    ["\ud800x\udc00", "\ufffdx\ufffd"],
  ] as const;
  for (const [text, clean = text] of cases) {
    assert.equal(isXmlText(text), text === clean);
    assert.equal(toXmlText(text), clean);
  }
});

test("the letters of a domain travel in UTF-8 [rfc7622-3.2.1-03]", () => {
  for (const domain of ["bücher.example", "例.example", "\u{10400}.example"])
    assert.equal(encodeUtf8(domain), Buffer.from(domain).toString("latin1"));
});
