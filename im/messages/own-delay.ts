import { parseJid, type DomainJid } from "#protocol/jid/jid.ts";
import { withChildren, XmlElement, type XmlNode } from "#protocol/xml/element.ts";
import type { Stanza } from "#kit/stanza.ts";
import { NS_DELAY } from "#xep/0203-delayed-delivery/elements.ts";

/** How stamps were written before XEP-0203 (XEP-0091). */
const legacyDelay = "jabber:x:delay";

/** Whether the message says, in the name of this domain, that it was kept back. */
export function hasDelayBy(domain: DomainJid, element: XmlElement): boolean {
  for (const child of element.children) if (isDelayBy(domain, child)) return true;
  return false;
}

/**
 * The message without what others said about delays in our name: clients believe such a stamp, and with it that a
 * message is old (A43).
 */
export function withoutForgedDelay(domain: DomainJid, stanza: Stanza): Stanza {
  const { element } = stanza;
  if (stanza.kind === "iq" || stanza.from === domain || !hasDelayBy(domain, element)) return stanza;
  // [xep0203-5-01]
  return stanza.rewritten(
    withChildren(
      element,
      element.children.filter((child) => !isDelayBy(domain, child)),
    ),
  );
}

function isDelayBy(domain: DomainJid, child: XmlNode): boolean {
  if (!(child instanceof XmlElement)) return false;
  if (child.ns !== NS_DELAY && child.ns !== legacyDelay) return false;
  return parseJid(child.attr("from") ?? "") === domain;
}
