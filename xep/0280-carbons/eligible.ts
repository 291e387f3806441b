import { isBare } from "#protocol/jid/jid.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { Stanza } from "#kit/stanza.ts";
import { forbidsCopies } from "../0334-hints/elements.ts";
import { isPrivate, type CarbonDirection } from "./elements.ts";

const NS_MUC_USER = "http://jabber.org/protocol/muc#user";
const NS_MUC_INVITATION = "jabber:x:conference";

/** What people exchange beside text: receipts, chat states, markers. */
const payloadsOfChat: ReadonlySet<string> = new Set([
  "urn:xmpp:receipts",
  "http://jabber.org/protocol/chatstates",
  "urn:xmpp:chat-markers:0",
]);

/**
 * Whether a user's other devices get a copy of a message, by the rules of XEP-0280 §6.1. Errors are judged by what they
 * answer, which does not show in them. [xep0280-6-01] [xep0280-6-02]
 * [xep0280-6.2-01]
 */
export function isEligible({ element, type, from }: Stanza, direction: CarbonDirection): boolean {
  // [xep0280-9-01] [xep0280-9-02] [xep0280-9-03]
  if (isPrivate(element) || forbidsCopies(element)) return false;
  // [xep0280-6.1-01]
  if (type === "groupchat" || type === "error") return false;
  // [xep0280-6.1-02] [xep0280-6.1-03]
  if (element.child(NS_MUC_INVITATION, "x") !== undefined) return true;
  const ofRoom = element.child(NS_MUC_USER, "x");
  if (ofRoom?.child(NS_MUC_USER, "invite") !== undefined) return true;
  // Every device in the room has got its own from the room. [xep0280-6.1-07]
  if (ofRoom !== undefined && direction === "received" && !isBare(from)) return false;
  if (type === "chat") return true;
  return (type === "normal" && element.child(NS_CLIENT, "body") !== undefined) || element.elements().some(isOfChat);
}

/** Whether a message is for one occupant of a room, as its sender's client says. [xep0280-6.1-04] */
export function isForOccupant({ element, to }: Stanza): boolean {
  const ofRoom = element.child(NS_MUC_USER, "x");
  return to !== undefined && !isBare(to) && ofRoom !== undefined && ofRoom.child(NS_MUC_USER, "invite") === undefined;
}

function isOfChat({ ns }: XmlElement): boolean {
  return payloadsOfChat.has(ns);
}
