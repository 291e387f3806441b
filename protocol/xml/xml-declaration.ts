import { isXmlSpace } from "./characters.ts";
import { XmlError } from "./fault.ts";
import { exceeded } from "./limits.ts";
import { sameLength } from "./token-scan.ts";

const OPEN = "<?xml";

/**
 * The end of an XML declaration that begins at `from`; `from` if there is none; -1 if the text ends before that is
 * clear. XML 1.0 §2.8 [23].
 *
 * @param bytesMax what is left of `headerBytesMax`
 * @throws {XmlError} when it is none of XML 1.0 in UTF-8, or is another processing instruction
 */
export function xmlDeclarationEnd(text: string, from: number, bytesMax: number = Infinity): number {
  const head = text.slice(from, from + OPEN.length + 1);
  if (!head.startsWith("<?")) return "<?".startsWith(head) ? -1 : from;
  if (OPEN.startsWith(head)) return -1;
  // In pieces it would be too long before its fault is seen.
  if (sameLength(head, 0, OPEN) > bytesMax) throw exceeded("headerBytesMax");
  if (!head.startsWith(OPEN) || !isXmlSpace(head.charCodeAt(OPEN.length))) {
    // [rfc6120-11.1-03]
    throw new XmlError("restricted-xml", "processing instruction");
  }
  const close = text.indexOf("?>", from);
  if (close < 0) return -1;
  if (close + 2 - from > bytesMax) throw exceeded("headerBytesMax");
  checkDeclaration(text.slice(from + OPEN.length, close));
  return close + 2;
}

const SHAPE =
  /^[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:'([^']*)'|"([^"]*)")(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:'([A-Za-z][\w.-]*)'|"([A-Za-z][\w.-]*)"))?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:'(?:yes|no)'|"(?:yes|no)"))?[ \t\r\n]*$/;

function checkDeclaration(inside: string): void {
  const [shape, version = "", quotedVersion = version, encoding = "UTF-8", quotedEncoding = encoding] =
    SHAPE.exec(inside) ?? [];
  // The standalone declaration is ignored. [rfc6120-11.6-02] [rfc6120-11.6-03]
  if (!/^utf-8$/i.test(quotedEncoding)) throw new XmlError("unsupported-encoding", "another encoding than UTF-8");
  // [rfc6120-11.5-02] [rfc6120-11.5-04]
  if (quotedVersion !== "1.0") {
    const what = shape === undefined ? "an XML declaration of another shape" : "another version than XML 1.0";
    throw new XmlError("not-well-formed", what);
  }
}
