import { type XmlElement, xml } from "#protocol/xml/element.ts";
import { NS_BIDI, NS_BIDI_FEATURE } from "#protocol/xml/namespaces.ts";

/** The stream feature: in another namespace than the request. XEP-0288 §2.1 (S31) */
export function bidiFeature(): XmlElement {
  return xml(NS_BIDI_FEATURE, "bidi");
}

export function bidiRequest(): XmlElement {
  return xml(NS_BIDI, "bidi");
}

export function isBidiRequest(element: XmlElement): boolean {
  return element.ns === NS_BIDI && element.name === "bidi";
}
