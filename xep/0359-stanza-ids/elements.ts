import { parseJid, type Jid } from "#protocol/jid/jid.ts";
import { withAppended, withChildren, xml, XmlElement, type XmlNode } from "#protocol/xml/element.ts";

export const NS_STANZA_IDS = "urn:xmpp:sid:0";

/** The message with the id under which `by` keeps it (XEP-0359 §3.1). */
export function withStanzaId(message: XmlElement, by: Jid, id: string): XmlElement {
  // [xep0359-2.2-02] [xep0359-3-05] [xep0359-3-06] [xep0359-3-07]
  return withAppended(message, xml(NS_STANZA_IDS, "stanza-id", { by, id }));
}

/** The id that `by` gave the message. */
export function stanzaIdBy(message: XmlElement, by: Jid): string | undefined {
  for (const child of message.elements()) if (isIdBy(child, by)) return child.attr("id");
  return undefined;
}

/** The message without all ids that claim to be by `by`; the very same when there are none. [xep0359-3-02] */
export function withoutStanzaIds(message: XmlElement, by: Jid): XmlElement {
  // [xep0359-2.2-03] [xep0359-3-03]
  if (!message.elements().some((child) => isIdBy(child, by))) return message;
  return withChildren(
    message,
    // [xep0359-3-04]
    message.children.filter((child) => !isIdBy(child, by)),
  );
}

function isIdBy(child: XmlNode, by: Jid): boolean {
  if (!(child instanceof XmlElement) || child.ns !== NS_STANZA_IDS || child.name !== "stanza-id") return false;
  return parseJid(child.attr("by") ?? "") === by;
}
