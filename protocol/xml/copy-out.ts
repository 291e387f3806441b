import { detachString } from "#protocol/detach-string.ts";
import { partsOf } from "./element-parts.ts";
import type { XmlElement } from "./element.ts";
import { unboundedXmlLimits } from "./limits.ts";
import { parseElement } from "./read.ts";
import { serialize, serializeBytes } from "./serialize.ts";

/**
 * The same tree in memory of its own. Whatever outlives the turn of the loop has to be copied out: an element that was
 * read keeps the whole chunk alive that it was cut from, and so does what was built from its attributes and texts.
 */
export function copyOut(element: XmlElement): XmlElement {
  const decodeUtf8 = partsOf(element).source?.decodeUtf8;
  const limits = unboundedXmlLimits;
  return decodeUtf8 === undefined
    ? parseElement(detachString(serialize(element, element.ns)), element.ns, { limits })
    : parseElement(detachString(serializeBytes(element, element.ns)), element.ns, { limits, decodeUtf8 });
}
