import { type XmlElement, withAttributes } from "#protocol/xml/element.ts";

/**
 * The stanza sent back to where it came from: `from` and `to` swapped, everything else as it was.
 * An address that is absent stays absent on the other side. [rfc6120-8.3.1-02]
 *
 * @param type the new type, where the answer has another one
 */
export function invertAddresses(stanza: XmlElement, type?: string): XmlElement {
  const addresses = { from: stanza.attr("to"), to: stanza.attr("from") };
  return withAttributes(stanza, type === undefined ? addresses : { ...addresses, type });
}
