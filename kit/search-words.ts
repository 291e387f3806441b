/**
 * What counts as a word when archives are searched, the same in every store: a run of letters and digits of any script,
 * without regard to case and to the accents of alphabets. Scripts that put no space between words count sign by sign.
 */

/** UTF-16 code units of a query. */
export const searchLengthMax = 512;
/** Words of a query, those in quotes included. */
export const searchWordsMax = 16;
/** Code units of a text that are searched: what stands behind is not found. */
const searchedLengthMax = 64 * 1024;
/** Words of a text that are searched. */
export const searchedWordsMax = 8 * 1024;
/** A word is known by so many code units at its beginning. */
const wordLengthMax = 64;

/** Written without spaces: a sign is a word of its own, and neighbouring signs of a query are a phrase. */
const sign = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]`;
const wordPattern = new RegExp(
  String.raw`${sign}\p{M}*|(?:(?!${sign})[\p{L}\p{N}])(?:(?!${sign})[\p{L}\p{N}\p{M}])*`,
  "gu",
);
/** Accents of alphabets, and the vowel points of Hebrew and Arabic. The vowel signs of other scripts are letters. */
const accents = /[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]+/gu;
const plainWords = /[a-z0-9]+/g;
// oxlint-disable-next-line no-control-regex -- "all of it is ASCII" is said so
const plain = /^[\u0000-\u007f]*$/;

/** The words of a text, in order. */
export function wordsOf(text: string): readonly string[] {
  const searched = text.length > searchedLengthMax ? text.slice(0, searchedLengthMax) : text;
  const found = plain.test(searched) ? searched.toLowerCase().match(plainWords) : folded(searched).match(wordPattern);
  if (found === null) return [];
  const words = found.length > searchedWordsMax ? found.slice(0, searchedWordsMax) : found;
  return words.map((word) => (word.length > wordLengthMax ? cut(word) : word));
}

/** Words that stand next to one another, in this order; mostly one. */
export type Phrase = readonly [string, ...string[]];

/**
 * What is searched for: all of these must occur. Double quotes make a phrase; nothing else in a query means more than
 * its words. Undefined where the query is longer than we allow.
 */
export function phrasesOf(query: string): readonly Phrase[] | undefined {
  if (query.length > searchLengthMax) return undefined;
  const phrases: Phrase[] = [];
  let words = 0;
  // What stands at odd places was between quotes; one that is never closed goes to the end.
  for (const [place, part] of query.split(/["\u201c\u201d\u201e\u00ab\u00bb]/u).entries()) {
    for (const piece of place % 2 === 1 ? [part] : part.split(/\s+/u)) {
      // A single piece may hold several words ("e-mail", a run of signs): they are meant to stand together.
      const [first, ...rest] = wordsOf(piece);
      if (first === undefined) continue;
      words += 1 + rest.length;
      phrases.push([first, ...rest]);
    }
  }
  return words > searchWordsMax ? undefined : phrases;
}

/** Whether a text with these words has all phrases. Nothing is found by a query without any word. */
export function hasPhrases(words: readonly string[], phrases: readonly Phrase[]): boolean {
  return phrases.length > 0 && phrases.every((phrase) => words.some((_, place) => standsAt(words, place, phrase)));
}

function standsAt(words: readonly string[], place: number, phrase: Phrase): boolean {
  return phrase.every((word, index) => words[place + index] === word);
}

function folded(text: string): string {
  // To upper case first: it knows more pairs (ß and SS, ı and I).
  return text.normalize("NFKD").replace(accents, "").toUpperCase().toLowerCase().replaceAll("ς", "σ");
}

/** Never through a surrogate pair: half of one is no text. */
function cut(word: string): string {
  const short = word.slice(0, wordLengthMax);
  return short.isWellFormed() ? short : short.slice(0, -1);
}
