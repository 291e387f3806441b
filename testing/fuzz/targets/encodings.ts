import assert from "node:assert/strict";
import { decodeBase64, decodeSaslContent, encodeBase64, encodeSaslContent } from "#protocol/sasl/sasl-base64.ts";
import { decodeUtf8 as decodeSaslUtf8, encodeUtf8 as encodeSaslUtf8 } from "#protocol/sasl/utf8.ts";
import { base64Decode, base64Encode } from "#protocol/xml/base64.ts";
import { encodeUtf8, isXmlText, toXmlText } from "#protocol/xml/utf8.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { escapeAttribute, escapeText } from "#protocol/xml/escape.ts";
import { formatDateTime, parseDateTime, parseLegacyDateTime, parseZone } from "#xep/0082-date-time/date-time.ts";
import { bytesOf, looseTextOf, textOf, toBytes } from "../engine/byte-strings.ts";
import { textMutations } from "../engine/mutate-text.ts";
import { fuzzTarget } from "../engine/target.ts";

export const target = fuzzTarget({
  summary: "base64, UTF-8, escaping and dates say what the platform says, and lead back to what they came from",
  bytesMax: 1_024,
  roundExecutions: 400_000,
  words: [
    "=",
    "==",
    "AA==",
    "AAE=",
    "+/",
    "é",
    "😀",
    "\ufffe",
    "\u0001",
    "&",
    "<",
    "]]>",
    "\r",
    "T",
    "Z",
    "+02:00",
    ".5",
    "-",
    "24:00:00",
    "2026-02-29",
  ],
  seeds: [
    "",
    "=",
    "AAEC",
    "YQ==",
    "Zm9v YmFy",
    "Grüße 😀",
    "2026-01-02T03:04:05.678Z",
    "2026-12-31T23:59:60-12:00",
    "20260102T03:04:05",
    "+02:00",
    "<&>'\"",
  ],
  mutations: textMutations,
  run: (input) => {
    const bytes = bytesOf(input);
    assert.equal(decodeSaslUtf8(bytes), textOf(input), "UTF-8 of SASL");
    const text = looseTextOf(input);
    assert.deepEqual(encodeSaslUtf8(text), new TextEncoder().encode(text));
    if (text.isWellFormed()) assert.equal(encodeUtf8(text), toBytes(text));
    checkBase64(input, bytes);
    checkXmlText(text);
    checkDates(text);
  },
});

function checkBase64(text: string, bytes: Uint8Array): void {
  const expected = Buffer.from(bytes).toString("base64");
  assert.equal(encodeBase64(bytes), expected);
  assert.equal(base64Encode(bytes), expected);
  assert.deepEqual(decodeBase64(expected), bytes);
  assert.deepEqual(base64Decode(expected), bytes);
  const decoded = decodeBase64(text);
  if (decoded !== undefined) assert.equal(encodeBase64(decoded), text, "two spellings of the same bytes");
  const loose = base64Decode(text);
  if (loose !== undefined) assert.deepEqual(loose, new Uint8Array(Buffer.from(text, "base64")));
  const content = decodeSaslContent(text);
  if (content.ok) assert.equal(encodeSaslContent(content.data), text);
}

function checkXmlText(text: string): void {
  const clean = toXmlText(text);
  assert.ok(isXmlText(clean));
  if (isXmlText(text)) assert.equal(clean, text);
  const read = parseElement(`<a b='${escapeAttribute(clean)}'>${escapeText(clean)}</a>`);
  assert.equal(read.text, clean);
  assert.equal(read.attr("b"), clean);
}

function checkDates(text: string): void {
  parseZone(text);
  for (const parse of [parseDateTime, parseLegacyDateTime]) {
    const at = parse(text);
    if (at === undefined) continue;
    assert.ok(Number.isSafeInteger(at), `${at} milliseconds`);
    assert.equal(parseDateTime(formatDateTime(at)), at, formatDateTime(at));
  }
}
