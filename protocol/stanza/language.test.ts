import assert from "node:assert/strict";
import { test } from "node:test";
import { parseElement } from "#protocol/xml/read.ts";
import { chooseChild, chooseLanguage, isLanguageTag } from "./language.ts";

for (const [wanted, chosen] of [
  ["de", "de"],
  ["de-CH", "de"],
  ["DE", "DE"],
  ["de-x-private", "de"],
  ["zh-Hant-TW", "zh-Hant"],
  ["zh-Hans", "en"],
  ["fr", "en"],
  ["", "en"],
  ["not a tag", "en"],
  [undefined, "en"],
] as const) {
  test(`who prefers ${wanted} is spoken to in ${chosen} [rfc6120-4.7.4-04] [rfc6120-4.7.4-05] [rfc6120-4.7.4-06]`, () => {
    assert.equal(chooseLanguage(wanted, ["en", "de", "zh-Hant"]), chosen);
  });
}

test("language tags have a form and a length [rfc6120-8.1.5-05]", () => {
  const tags = [
    "en",
    "de-CH-1996",
    "x-klingon",
    "-",
    "en-",
    "e n",
    "123",
    "en_US",
    "a".repeat(9),
    `en-${"a-".repeat(20)}a`,
  ];
  assert.deepEqual(tags.filter(isLanguageTag), ["en", "de-CH-1996", "x-klingon"]);
});

test("of several bodies the one in the wanted language is shown, else that of the stanza, else the first [rfc6120-8.1.5-02]", () => {
  const message = parseElement(
    "<message xml:lang='it'><body xml:lang='en'>yes</body><body>si</body><body xml:lang='de'>ja</body></message>",
  );
  const shown = (wanted: string | undefined) => chooseChild(message, "jabber:client", "body", wanted)?.text;
  assert.deepEqual([shown("de-AT"), shown("fr"), shown(undefined), shown("en")], ["ja", "si", "si", "yes"]);
  const other = parseElement("<message><body xml:lang='en'>yes</body></message>");
  assert.equal(chooseChild(other, "jabber:client", "body", "fr")?.text, "yes");
  assert.equal(chooseChild(other, "jabber:client", "subject", "fr"), undefined);
});
