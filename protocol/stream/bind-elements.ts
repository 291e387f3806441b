import type { FullJid } from "#protocol/jid/jid.ts";
import { iqRequest, resultOf } from "#protocol/stanza/iq.ts";
import { type XmlElement, xml } from "#protocol/xml/element.ts";
import { NS_BIND, NS_CLIENT, NS_SESSION } from "#protocol/xml/namespaces.ts";

/** The stream feature of resource binding, always mandatory. RFC 6120 §7.4 */
export function bindFeature(): XmlElement {
  return xml(NS_BIND, "bind");
}

/** The feature of RFC 3921 §3 that old clients look for, said not to matter. */
export function sessionFeature(): XmlElement {
  return xml(NS_SESSION, "session", {}, xml(NS_SESSION, "optional"));
}

export function bindRequest(id: string, resource: string | undefined): XmlElement {
  const wanted = resource === undefined ? undefined : xml(NS_BIND, "resource", {}, resource);
  // [rfc6120-4.8.3-06]
  return iqRequest("set", id, xml(NS_BIND, "bind", {}, wanted), { ns: NS_CLIENT });
}

export function bindResult(request: XmlElement, jid: FullJid): XmlElement {
  // [rfc6120-7.6.1-01]
  return resultOf(request, xml(NS_BIND, "bind", {}, xml(NS_BIND, "jid", {}, jid)));
}

/** What the client asked for; absent and empty mean that we choose. */
export function requestedResource(bind: XmlElement): string | undefined {
  const text = bind.child(NS_BIND, "resource")?.text;
  // [rfc6120-7.7.2.1-01]
  return text === "" ? undefined : text;
}

export function sessionRequest(id: string): XmlElement {
  return iqRequest("set", id, xml(NS_SESSION, "session"), { ns: NS_CLIENT });
}
