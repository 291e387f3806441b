import { unitTables } from "./characters.ts";
import { XmlError } from "./fault.ts";
import { isXmlText } from "./utf8.ts";

/**
 * Character data as it is written. `>` is escaped as well, so that `]]>` cannot come about; a carriage return would be
 * read as a line feed were it not.
 *
 * @throws {XmlError} when a character may not stand in XML, not even as a reference
 */
export function escapeText(text: string): string {
  if (isPlain(text)) return text;
  checkCharacters(text);
  // [rfc3920-11.1-02]
  return /[&<>\r]/.test(text) ? text.replaceAll(/[&<>\r]/g, referenceTo) : text;
}

/**
 * An attribute value as it is written, within either kind of quotation marks.
 *
 * @throws {XmlError} as {@link escapeText}
 */
export function escapeAttribute(value: string): string {
  if (isPlain(value)) return value;
  checkCharacters(value);
  // [rfc3920-11.1-02]
  return value.replaceAll(/[&<>'"\t\n\r]/g, referenceTo);
}

/** Whether there is certainly nothing to escape and nothing to refuse. */
function isPlain(text: string): boolean {
  const plain = unitTables.value;
  for (let at = 0; at < text.length; at++) if (plain[text.charCodeAt(at)] !== 0) return false;
  return true;
}

function checkCharacters(text: string): void {
  // [rfc6120-11.3-01]
  if (!isXmlText(text)) throw new XmlError("not-well-formed", "a character that XML does not allow would be written");
}

function referenceTo(character: string): string {
  switch (character) {
    case "&":
      return "&amp;";
    case "<":
      return "&lt;";
    case ">":
      return "&gt;";
    case "'":
      return "&apos;";
    case '"':
      return "&quot;";
    default:
      return `&#${character.charCodeAt(0)};`;
  }
}
