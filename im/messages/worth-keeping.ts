import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import type { Stanza } from "#kit/stanza.ts";
import { NS_DELAY } from "#xep/0203-delayed-delivery/elements.ts";
import { storageHint } from "#xep/0334-hints/elements.ts";

/** What says nothing by itself: chat states are of the moment, the rest is about the message that it stands in. */
const ofTheMoment = new Set([
  "http://jabber.org/protocol/chatstates",
  "urn:xmpp:hints",
  "urn:xmpp:sid:0",
  NS_DELAY,
  "jabber:x:delay",
]);

/** Whether a message is worth keeping for later: it says something, and nobody wished otherwise (XEP-0160 §3, XEP-0334). */
export function isWorthKeeping(stanza: Stanza): boolean {
  // [xep0160-3-01] [xep0160-3-04] [xep0160-3-05] [xep0160-3-06]
  if (stanza.type !== "chat" && stanza.type !== "normal") return false;
  const hint = storageHint(stanza.element);
  // [xep0424-3-03]
  if (hint !== undefined) return hint === "store";
  // A normal message may be all payload; of a chat, chat states alone are not kept (S34).
  // [xep0160-3-02] [xep0160-3-03]
  return stanza.type === "normal" || stanza.element.elements().some(saysSomething);
}

function saysSomething({ ns, name }: XmlElement): boolean {
  return !(ofTheMoment.has(ns) || (ns === NS_CLIENT && name === "thread"));
}
