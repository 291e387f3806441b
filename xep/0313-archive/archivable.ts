import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { messageTypeOf } from "#protocol/stanza/message-type.ts";
import { forbidsArchive, storageHint } from "../0334-hints/elements.ts";

/**
 * What is worth keeping of a conversation beside text, by namespace and, where that has other uses, by name: what is encrypted,
 * what is said about earlier messages, calls and invitations.
 */
const keptPayloads: ReadonlyMap<string, ReadonlySet<string> | "all"> = new Map<string, ReadonlySet<string> | "all">([
  ["eu.siacs.conversations.axolotl", new Set(["encrypted"])],
  ["urn:xmpp:omemo:2", new Set(["encrypted"])],
  ["urn:xmpp:openpgp:0", new Set(["openpgp"])],
  ["jabber:x:encrypted", "all"],
  ["urn:xmpp:eme:0", new Set(["encryption"])],
  ["urn:xmpp:receipts", new Set(["received"])],
  ["urn:xmpp:chat-markers:0", new Set(["received", "displayed", "acknowledged"])],
  // [xep0444-4-09]
  ["urn:xmpp:reactions:0", "all"],
  // [xep0424-5-02]
  ["urn:xmpp:message-retract:1", "all"],
  ["urn:xmpp:message-retract:0", "all"],
  ["urn:xmpp:fasten:0", "all"],
  ["urn:xmpp:message-correct:0", "all"],
  ["urn:xmpp:jingle-message:0", "all"],
  ["urn:xmpp:call-invites:0", "all"],
  ["jabber:x:conference", "all"],
  ["jabber:x:oob", "all"],
]);

const NS_MUC_USER = "http://jabber.org/protocol/muc#user";

/**
 * Whether a message belongs in its sender's and its recipient's archive, whatever they prefer: the rules of XEP-0313 §6.1.1 and
 * the hints of XEP-0334, in this order.
 */
export function isArchivable(message: XmlElement): boolean {
  const type = messageTypeOf(message);
  // A room keeps its own, and errors are nobody's words.
  if (type === "groupchat" || type === "error") return false;
  // [xep0313-8.1-05]
  if (forbidsArchive(message)) return false;
  // [xep0334-4.4-01] [xep0313-6.1.1-02]
  if (storageHint(message) === "store") return true;
  // News are no conversation. [xep0313-6.1.1-01]
  return type !== "headline" && message.elements().some(isKept);
}

function isKept(payload: XmlElement): boolean {
  const { ns, name } = payload;
  // [xep0313-6.1.1-07]
  if (ns === NS_CLIENT) return name === "body" || name === "subject";
  if (ns === NS_MUC_USER) return payload.child(NS_MUC_USER, "invite") !== undefined;
  const names = keptPayloads.get(ns);
  return names === "all" || names?.has(name) === true;
}
