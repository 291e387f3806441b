import assert from "node:assert/strict";
import { test } from "node:test";
import { hasPhrases, phrasesOf, searchedWordsMax, searchLengthMax, searchWordsMax, wordsOf } from "./search-words.ts";

const texts: readonly (readonly [text: string, words: string])[] = [
  ["", ""],
  ["Wherefore art thou, Romeo?", "wherefore art thou romeo"],
  ["e-mail me@example.org at 10:30", "e mail me example org at 10 30"],
  ["snake_case", "snake case"],
  ["Crème Brûlée", "creme brulee"],
  ["Cre\u0300me", "creme"],
  ["STRASSE Straße", "strasse strasse"],
  ["ΟΔΥΣΣΕΥΣ Ὀδυσσεύς οδυσσευσ", "οδυσσευσ οδυσσευσ οδυσσευσ"],
  ["İstanbul ISTANBUL ıstanbul", "istanbul istanbul istanbul"],
  ["Ёлка", "елка"],
  ["ﬁne ①", "fine 1"],
  ["مُحَمَّد", "محمد"],
  ["हिन्दी हन्द", "हिन्दी हन्द"],
  ["東京 tower", "東 京 tower"],
  ["한국", "한국".normalize("NFKD")],
  ["🙂 ok 👍🏽", "ok"],
  ["\u{10400}\u{10428}", "\u{10428}\u{10428}"],
  ["x".repeat(100), "x".repeat(64)],
  [`${"y".repeat(63)}\u{10428}`, "y".repeat(63)],
];

for (const [text, words] of texts)
  test(`the words of ${JSON.stringify(text.slice(0, 40))}`, () => assert.equal(wordsOf(text).join(" "), words));

test("a long text is searched as far as its first words", () => {
  assert.equal(wordsOf("a ".repeat(20_000)).length, searchedWordsMax);
  assert.equal(wordsOf(`${" ".repeat(70_000)}far`).length, 0);
});

const queries: readonly (readonly [query: string, phrases: string])[] = [
  ["", ""],
  ["rose name", "rose|name"],
  ['"by any other" name', "by any other|name"],
  ['"never closed', "never closed"],
  ['""', ""],
  ["e-mail", "e mail"],
  ["東京", "東 京"],
  ["„Guten Tag“ «ça va»", "guten tag|ca va"],
  ["OR AND NOT NEAR(a b) x*", "or|and|not|near a|b|x"],
  ["words:secret ^a + - {b} :*", "words secret|a|b"],
  ["' ; DROP TABLE archive; --", "drop|table|archive"],
  ["!!! ...", ""],
];

for (const [query, phrases] of queries)
  test(`the query ${JSON.stringify(query)} is words and phrases, nothing else`, () =>
    assert.equal(
      phrasesOf(query)
        ?.map((phrase) => phrase.join(" "))
        .join("|"),
      phrases,
    ));

test("a query is bounded in length and in words", () => {
  assert.equal(phrasesOf("a".repeat(searchLengthMax))?.length, 1);
  assert.equal(phrasesOf("a".repeat(searchLengthMax + 1)), undefined);
  assert.equal(phrasesOf("a ".repeat(searchWordsMax))?.length, searchWordsMax);
  assert.equal(phrasesOf(`"${"a ".repeat(searchWordsMax)}" b`), undefined);
});

const matches: readonly (readonly [query: string, text: string, isFound: boolean])[] = [
  ["rose", "A rose by any other name", true],
  ["ROSE name", "A rose by any other name", true],
  ["rose thorn", "A rose by any other name", false],
  ["ros", "A rose", false],
  ['"rose by"', "A rose by any other name", true],
  ['"by rose"', "A rose by any other name", false],
  ['"any other name"', "A rose by any other", false],
  ["京東", "東京", false],
  ["...", "...", false],
];

for (const [query, text, isFound] of matches)
  test(`${query} is ${isFound ? "" : "not "}found in "${text}"`, () => {
    assert.equal(hasPhrases(wordsOf(text), phrasesOf(query) ?? []), isFound);
  });
