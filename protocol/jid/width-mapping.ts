/**
 * Fullwidth and halfwidth forms become what they decompose to. RFC 8264 §5.2.1.
 *
 * NFKC of the one character is used for the decomposition mapping, and differs from it only for halfwidth Hangul and
 * the fullwidth macron, which no identifier and no domain name may contain before or after.
 */
export function mapWidth(text: string): string {
  return text.replace(/[\u3000\uff01-\uffee]/g, (character) => character.normalize("NFKC"));
}
