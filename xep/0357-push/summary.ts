import { parseJid } from "#protocol/jid/jid.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { valueField, type Field } from "../0004-data-forms/elements.ts";
import { NS_PUSH_SUMMARY, submission } from "./elements.ts";
import type { Importance } from "./importance.ts";
import type { Wish } from "./registrations.ts";

/** What the administrator lets out of the house. */
export interface Disclosure {
  readonly messageCount: boolean;
  readonly pendingSubscriptionCount: boolean;
  /** A constant text where a body would be. */
  readonly placeholder: boolean;
  /** What is told where the user asks for it. */
  readonly onRequest: ReadonlySet<Wish>;
}

/** What there is to tell. */
export interface Tidings {
  readonly importance: Importance;
  readonly messages: number;
  readonly pendingSubscriptions: number;
  /** The latest message; undefined where nothing of it may be told. */
  readonly last: Excerpt | undefined;
}

/** What may be told of a message, of what the user asks for. */
export interface Excerpt {
  readonly sender: string | undefined;
  readonly body: string | undefined;
}

/** UTF-16 code units of a body that are told. */
const bodyLengthMax = 256;
/** Some app servers show a person only what has a body; this one says nothing. */
const placeholderBody = "New message";

/** The form that sums up what waits (XEP-0357 §7); undefined when nothing is to be told. [xep0357-7-01] [xep0357-9-01] */
export function summaryOf(tidings: Tidings, disclosure: Disclosure): XmlElement | undefined {
  const body =
    tidings.last?.body ?? (disclosure.placeholder && tidings.importance === "high" ? placeholderBody : undefined);
  const fields = [
    disclosure.messageCount ? valueField("message-count", [String(tidings.messages)]) : undefined,
    tidings.last?.sender === undefined ? undefined : valueField("last-message-sender", [tidings.last.sender]),
    body === undefined ? undefined : valueField("last-message-body", [body]),
    disclosure.pendingSubscriptionCount
      ? valueField("pending-subscription-count", [String(tidings.pendingSubscriptions)])
      : undefined,
  ].filter((field): field is Field => field !== undefined);
  return fields.length === 0 ? undefined : submission(NS_PUSH_SUMMARY, fields);
}

/** What of a message may be told to the app server of one who wishes this. Nothing is kept that may not. */
export function excerptOf(
  message: XmlElement | undefined,
  wishes: readonly Wish[],
  disclosure: Disclosure,
): Excerpt | undefined {
  const granted = wishes.filter((wish) => disclosure.onRequest.has(wish));
  if (message === undefined || granted.length === 0) return undefined;
  const text = message.child(NS_CLIENT, "body")?.text;
  return {
    sender: granted.includes("sender") ? parseJid(message.attr("from") ?? "") : undefined,
    body: granted.includes("body") && text !== undefined && text !== "" ? shortened(text) : undefined,
  };
}

/** Never half a character. */
function shortened(text: string): string {
  return text.length <= bodyLengthMax ? text : `${text.slice(0, bodyLengthMax - 1).replace(/[\uD800-\uDBFF]$/u, "")}…`;
}
