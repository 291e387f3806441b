import { type XmlElement, withAttributes } from "#protocol/xml/element.ts";

/**
 * The stanza sent back to where it came from: `from` and `to` swapped, the id, the language and the children as they
 * were. An address that is absent stays absent on the other side.
 *
 * @param type the new type, where the answer has another one
 */
export function invertAddresses(stanza: XmlElement, type?: string): XmlElement {
  // What others have put on a stanza is not for us to say. [rfc6120-8.4-04]
  const foreign = stanza.attributes.flatMap(([name]) => (name.startsWith("{") ? [[name, undefined] as const] : []));
  // [rfc6120-8.1.1.1-04] [rfc6120-8.1.2.1-02] [rfc6120-8.1.2.1-03] [rfc6120-8.1.3-02] [rfc6120-8.3.1-02]
  const addresses = { ...Object.fromEntries(foreign), from: stanza.attr("to"), to: stanza.attr("from") };
  // [rfc6120-8.3.1-03] [rfc6120-8.3.1-10]
  return withAttributes(stanza, type === undefined ? addresses : { ...addresses, type });
}
