// The ten sequences of XEP-0106 §3. A backslash is escaped only where it would be taken for an escape afterwards
// [xep0106-4.1-07]; before capitals too, since preparation makes the \2F of a source the \2f of an escaped solidus.
const toEscape = /\\(?=20|22|26|27|2f|3a|3c|3e|40|5c)|[ "&'/:<>@]/gi;
const toUnescape = /\\(?!20$)(20|22|26|27|2f|3a|3c|3e|40|5c)/g;

/**
 * A localpart for text with characters that a localpart must not have (a mail address, a user name of another
 * system); `undefined` if it begins or ends with a space, which cannot be escaped [xep0106-4.1-06].
 * The result still has to be prepared: everything else in it is as it was. XEP-0106 §4.2.
 */
export function escapeLocalpart(text: string): string | undefined {
  if (text.startsWith(" ") || text.endsWith(" ")) return undefined;
  return text.replace(toEscape, (character) => `\\${character.charCodeAt(0).toString(16)}`);
}

/**
 * The text that a localpart stands for, to be shown or handed to another system; never to be compared or sent as an
 * address [xep0106-7-02]. Other sequences stay as they are [xep0106-4.1-03], and so does `\20` at either end: it is no
 * escape there, and an invisible space would make two people look like one.
 */
export function unescapeLocalpart(localpart: string): string {
  return localpart.replace(toUnescape, (sequence, code: string, offset: number) => {
    return code === "20" && offset === 0 ? sequence : String.fromCharCode(Number.parseInt(code, 16));
  });
}
