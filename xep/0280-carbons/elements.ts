import { xml, type XmlElement } from "#protocol/xml/element.ts";
import { element } from "#protocol/xml/element-schema.ts";
import { forwarded } from "../0297-forwarding/elements.ts";

export const NS_CARBONS = "urn:xmpp:carbons:2";
/** Says that all the rules of XEP-0280 §6.1 are kept. */
export const NS_CARBONS_RULES = "urn:xmpp:carbons:rules:0";

/** XEP-0280 §4 */
export const Enable = element(NS_CARBONS, "enable", {});
/** XEP-0280 §5 */
export const Disable = element(NS_CARBONS, "disable", {});

/** Which way the copied message went. */
export type CarbonDirection = "sent" | "received";

/** The copy of a message, as the payload of another. [xep0280-7-04] [xep0280-8-04] [xep0297-3.2-07] */
export function carbonOf(direction: CarbonDirection, message: XmlElement): XmlElement {
  return xml(NS_CARBONS, direction, {}, forwarded(message));
}

/** Whether this child makes a message a carbon. */
export function isCarbonPayload({ ns, name }: XmlElement): boolean {
  return ns === NS_CARBONS && (name === "received" || name === "sent");
}

/** Whether the sender wants no copies made. */
export function isPrivate(message: XmlElement): boolean {
  return message.child(NS_CARBONS, "private") !== undefined;
}
