import type { XmlElement } from "#protocol/xml/element.ts";
import type { XmlLimits } from "#protocol/xml/limits.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import type { StoredCodec } from "./slots.ts";
import { valueCharsMax } from "./storage.ts";

// What is stored passed the limits of the stream that it came on, whatever they were then.
const storedLimits: Partial<XmlLimits> = {
  elementBytesMax: valueCharsMax,
  depthMax: 4_096,
  attributesMax: 4_096,
  namespacesMax: 4_096,
  nameLengthMax: 65_536,
  childrenMax: valueCharsMax,
  elementsMax: valueCharsMax,
};

/** Elements kept as the text that they have within a stanza. */
export const storedXml: StoredCodec<XmlElement> = {
  encode: (element) => serialize(element),
  decode: (text) => parseElement(text, undefined, { limits: storedLimits }),
};
