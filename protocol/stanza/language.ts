import type { XmlElement } from "#protocol/xml/element.ts";

/** Longest language tag that we take from outside, in characters: BCP 47 asks implementations for 35. */
export const languageTagCharactersMax = 35;

/** Whether `tag` has the form of a BCP 47 language tag. */
export function isLanguageTag(tag: string): boolean {
  // [rfc6120-8.1.5-05]
  return tag.length <= languageTagCharactersMax && /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/.test(tag);
}

/**
 * Which of our languages to speak to someone who prefers `wanted`: the tag itself, else the longest supported prefix of
 * it, else our default. The look-up scheme of RFC 4647 §3.4.
 *
 * @param supported our languages, the first of them is the default
 */
export function chooseLanguage(wanted: string | undefined, supported: readonly [string, ...string[]]): string {
  if (wanted === undefined || !isLanguageTag(wanted)) return supported[0];
  const subtags = wanted.toLowerCase().split("-");
  while (subtags.length > 0) {
    const range = subtags.join("-");
    const found = supported.find((language) => language.toLowerCase() === range);
    // [rfc6120-4.7.4-04] [rfc6120-4.7.4-05]
    if (found !== undefined) return range.length === wanted.length ? wanted : found;
    subtags.pop();
    // A single-letter subtag only introduces what followed it.
    if (subtags.at(-1)?.length === 1) subtags.pop();
  }
  // [rfc6120-4.7.4-06]
  return supported[0];
}

/**
 * Of several `<name/>` children in different languages, the one to show: the best match for `wanted`, else the one in
 * the stanza's own language, else the first.
 */
export function chooseChild(
  stanza: XmlElement,
  ns: string,
  name: string,
  wanted: string | undefined,
): XmlElement | undefined {
  const candidates = stanza.elements().filter((child) => child.ns === ns && child.name === name);
  const own = stanza.attr("xml:lang") ?? "";
  // [rfc6120-8.1.5-02]
  const languages = candidates.map((child) => child.attr("xml:lang") ?? own);
  const chosen = chooseLanguage(wanted, [own, ...languages]);
  const at = languages.findIndex((language) => language.toLowerCase() === chosen.toLowerCase());
  return candidates[at === -1 ? 0 : at];
}
