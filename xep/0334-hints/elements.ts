import type { XmlElement } from "#protocol/xml/element.ts";

const NS_HINTS = "urn:xmpp:hints";

/** What the sender of a message wishes for its storage (XEP-0334 §4): nothing said is undefined. */
export function storageHint(message: XmlElement): "store" | "no-store" | undefined {
  if (message.child(NS_HINTS, "no-store") !== undefined) return "no-store";
  if (message.child(NS_HINTS, "store") !== undefined) return "store";
  return undefined;
}
