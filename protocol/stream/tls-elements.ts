import { type XmlElement, xml } from "#protocol/xml/element.ts";
import { NS_TLS } from "#protocol/xml/namespaces.ts";

/** The stream feature. [rfc6120-5.4.1-03] [rfc6120-5.4.1-04] */
export function starttlsFeature(required: boolean): XmlElement {
  return xml(NS_TLS, "starttls", {}, required ? xml(NS_TLS, "required") : undefined);
}

export function starttlsRequest(): XmlElement {
  return xml(NS_TLS, "starttls");
}

export function starttlsProceed(): XmlElement {
  return xml(NS_TLS, "proceed");
}

export function starttlsFailure(): XmlElement {
  return xml(NS_TLS, "failure");
}
