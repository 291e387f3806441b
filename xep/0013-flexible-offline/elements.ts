import { oneOf, text } from "#protocol/xml/codec.ts";
import { element, type Infer } from "#protocol/xml/element-schema.ts";
import { withChildren, xml, type XmlElement } from "#protocol/xml/element.ts";
import { attr, children, flag, optional } from "#protocol/xml/schema-fields.ts";

/** Namespace, disco feature and node in one. */
export const NS_OFFLINE = "http://jabber.org/protocol/offline";

const Item = element(NS_OFFLINE, "item", {
  action: optional(attr("action", oneOf("view", "remove"))),
  node: attr("node", text),
});

/** What is to be done with the messages that wait: with some, or with all (XEP-0013 §2.4–2.7). */
export const OfflineRequest = element(NS_OFFLINE, "offline", {
  items: children(Item),
  fetch: flag(NS_OFFLINE, "fetch"),
  purge: flag(NS_OFFLINE, "purge"),
});
export type OfflineRequest = Infer<typeof OfflineRequest>;

/** A message that waits, as its reader gets it: with its name. [xep0013-2.4-05] */
export function named(message: XmlElement, node: string): XmlElement {
  return withChildren(message, [
    ...message.children,
    xml(NS_OFFLINE, "offline", {}, xml(NS_OFFLINE, "item", { node })),
  ]);
}

/** Whether a message is one that its reader asked for by itself. Only the server says so: others' words are taken out. */
export function isNamed(message: XmlElement): boolean {
  return message.child(NS_OFFLINE, "offline") !== undefined;
}

/** The message without what makes it look like one that waits; the very same when there is nothing of the kind. */
export function withoutNames(message: XmlElement): XmlElement {
  if (!isNamed(message)) return message;
  return withChildren(
    message,
    message.children.filter((child) => typeof child === "string" || child.ns !== NS_OFFLINE),
  );
}
