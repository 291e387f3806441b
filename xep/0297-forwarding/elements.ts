import { xml, type XmlElement } from "#protocol/xml/element.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { Delay } from "../0203-delayed-delivery/elements.ts";

export const NS_FORWARD = "urn:xmpp:forward:0";

/**
 * A stanza in an envelope (XEP-0297 §3).
 *
 * @param stamp when the stanza passed, in milliseconds since the epoch; undefined where it passes now
 */
export function forwarded(stanza: XmlElement, stamp?: number): XmlElement {
  // [xep0297-3.2-04]
  const delay = stamp === undefined ? undefined : Delay.build({ stamp, reason: "" });
  // [xep0297-3.2-01] [xep0297-3.2-03] [xep0297-3.2-05]
  return xml(NS_FORWARD, "forwarded", {}, delay, stanza);
}

/** The stanza in an envelope, of whatever kind; undefined where there is none. */
export function forwardedStanza(envelope: XmlElement): XmlElement | undefined {
  if (envelope.ns !== NS_FORWARD || envelope.name !== "forwarded") return undefined;
  return envelope.elements().find(({ ns, name }) => ns === NS_CLIENT && stanzaNames.has(name));
}

const stanzaNames: ReadonlySet<string> = new Set(["message", "presence", "iq"]);
