import { bareOf, parseJid, type BareJid } from "#protocol/jid/jid.ts";
import { messageTypeOf } from "#protocol/stanza/message-type.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import type { Stanza } from "#kit/stanza.ts";
import { isCarbonPayload } from "../0280-carbons/elements.ts";
import { forwardedStanza } from "../0297-forwarding/elements.ts";
import { storageHint } from "../0334-hints/elements.ts";

/** `high`: a person should look now. `low`: the client should fetch something when it can. */
export type Importance = "high" | "low";

/** What is worth waking a device for, with the message that it is about, if it is one. */
export interface News {
  readonly importance: Importance;
  readonly message: XmlElement | undefined;
}

/** Payloads that a person should look at, whatever else is in the message; by namespace and name. */
const urgentPayloads: ReadonlySet<string> = new Set([
  "urn:xmpp:openpgp:0 openpgp",
  "jabber:x:encrypted x",
  "urn:xmpp:jingle-message:0 propose",
  "urn:xmpp:call-invites:0 invite",
  "jabber:x:conference x",
]);

/** Encryption whose messages may be about keys only: then they have no payload, and nobody wrote them. */
const encryptedBy: ReadonlySet<string> = new Set(["eu.siacs.conversations.axolotl", "urn:xmpp:omemo:2"]);

/** What changes messages that were sent before, and calls that went on without this device. */
const laterPayloads: ReadonlySet<string> = new Set([
  "urn:xmpp:message-correct:0",
  "urn:xmpp:message-retract:1",
  "urn:xmpp:message-retract:0",
  "urn:xmpp:fasten:0",
  "urn:xmpp:reactions:0",
  "urn:xmpp:jingle-message:0",
  "urn:xmpp:call-invites:0",
]);

const NS_MUC_USER = "http://jabber.org/protocol/muc#user";
const NS_CORRECTION = "urn:xmpp:message-correct:0";
const NS_JINGLE = "urn:xmpp:jingle:1";

/**
 * Whether a stanza that waits for a client is worth a push: texts, calls, invitations and what changes earlier messages;
 * never receipts, markers, chat states, events, errors, presence, pages of an archive, what the user writes on another
 * device, or what its sender does not want to be kept. Users of other servers were woken by all of these.
 */
export function newsIn(stanza: Stanza, account: BareJid): News | undefined {
  switch (stanza.kind) {
    case "message":
      return newsInMessage(stanza, account);
    case "presence":
      return stanza.type === "subscribe" ? { importance: "low", message: undefined } : undefined;
    case "iq":
      return isCall(stanza) ? { importance: "high", message: undefined } : undefined;
    default:
      return undefined;
  }
}

function newsInMessage({ element, from }: Stanza, account: BareJid): News | undefined {
  if (bareOf(from) !== account) return judged(element);
  // Of what the account itself sends only copies of what it received are news, and those as what they are copies of.
  const copy = from === account ? element.elements().find(isCarbonPayload) : undefined;
  if (copy?.name !== "received" || copy.firstElement === undefined) return undefined;
  const message = forwardedStanza(copy.firstElement);
  const sender = parseJid(message?.attr("from") ?? "");
  return message === undefined || sender === undefined || bareOf(sender) === account ? undefined : judged(message);
}

function judged(message: XmlElement): News | undefined {
  const type = messageTypeOf(message);
  if (type === "error" || type === "headline" || storageHint(message) === "no-store") return undefined;
  const importance = importanceOf(message) ?? (storageHint(message) === "store" ? "low" : undefined);
  return importance === undefined ? undefined : { importance, message };
}

function importanceOf(message: XmlElement): Importance | undefined {
  const payloads = message.elements();
  const corrects = payloads.some(({ ns }) => ns === NS_CORRECTION);
  if (!corrects && payloads.some(isUrgent)) return "high";
  return payloads.some((payload) => laterPayloads.has(payload.ns)) ? "low" : undefined;
}

function isUrgent(payload: XmlElement): boolean {
  const { ns, name } = payload;
  if (ns === NS_CLIENT) return name === "body" && payload.text !== "";
  if (ns === NS_MUC_USER) return payload.child(NS_MUC_USER, "invite") !== undefined;
  if (encryptedBy.has(ns)) return name === "encrypted" && payload.child(ns, "payload") !== undefined;
  return urgentPayloads.has(`${ns} ${name}`);
}

function isCall({ element, type }: Stanza): boolean {
  return type === "set" && element.child(NS_JINGLE, "jingle")?.attr("action") === "session-initiate";
}
