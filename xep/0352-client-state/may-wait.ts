import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { Stanza } from "#kit/stanza.ts";
import { NS_CARBONS } from "../0280-carbons/elements.ts";
import { forwardedStanza } from "../0297-forwarding/elements.ts";

/** Which kinds of stanzas wait, as the administrator has it. [xep0352-3.2-01] */
export interface Waits {
  readonly presence: boolean;
  readonly chatStates: boolean;
  readonly events: boolean;
  readonly sentCopies: boolean;
}

/** What waiting stanza this one takes the place of, if any. */
export type Subject = { readonly subject: string | undefined };

const NS_CHAT_STATES = "http://jabber.org/protocol/chatstates";
const NS_MUC_USER = "http://jabber.org/protocol/muc#user";
const NS_EVENTS = "http://jabber.org/protocol/pubsub#event";

/** What may stand beside a chat state without making the message worth anybody's attention. */
const besideChatState: ReadonlySet<string> = new Set([NS_CHAT_STATES, "urn:xmpp:hints", "urn:xmpp:sid:0"]);

/**
 * Whether a stanza may wait while nobody looks at the client. Requests and answers, subscriptions, errors, and every
 * message that says something may not.
 */
export function mayWait(stanza: Stanza, waits: Waits): Subject | undefined {
  switch (stanza.kind) {
    case "presence":
      return waits.presence ? presenceSubject(stanza) : undefined;
    case "message":
      return messageSubject(stanza, waits);
    default:
      return undefined;
  }
}

function presenceSubject({ element, type, from }: Stanza): Subject | undefined {
  if (type !== undefined && type !== "unavailable") return undefined;
  // What a room tells of an occupant, such as a change of nickname, is not said again by what comes later.
  const ofRoom = element.child(NS_MUC_USER, "x") !== undefined;
  return { subject: ofRoom ? undefined : `presence ${from}` };
}

function messageSubject({ element, type, from }: Stanza, waits: Waits): Subject | undefined {
  if (type === "error" || type === "groupchat") return undefined;
  if (type === "headline")
    return waits.events && element.child(NS_EVENTS, "event") !== undefined ? { subject: undefined } : undefined;
  const copy = element.elements().find(({ ns }) => ns === NS_CARBONS);
  if (copy?.name === "sent") return waits.sentCopies ? { subject: undefined } : undefined;
  if (copy?.name !== "received") return waits.chatStates ? chatStateSubject(element, from) : undefined;
  const message = copy.firstElement === undefined ? undefined : forwardedStanza(copy.firstElement);
  return waits.chatStates && message !== undefined ? chatStateSubject(message, message.attr("from") ?? "") : undefined;
}

/** The last state of a conversation is all that counts. */
function chatStateSubject(message: XmlElement, from: string): Subject | undefined {
  let thread = "";
  let states = 0;
  for (const child of message.elements()) {
    if (child.ns === NS_CHAT_STATES) states += 1;
    if (child.ns === NS_CLIENT && child.name === "thread") thread = child.text;
    else if (!besideChatState.has(child.ns)) return undefined;
  }
  return states > 0 ? { subject: `state ${from} ${thread}` } : undefined;
}
