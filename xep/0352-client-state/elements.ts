import { xml, type XmlElement } from "#protocol/xml/element.ts";

export const NS_CSI = "urn:xmpp:csi:0";

/** Announced beside resource binding (XEP-0352 §4.1). */
export const csiFeature: XmlElement = xml(NS_CSI, "csi");
