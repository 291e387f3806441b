import type { XmlElement } from "#protocol/xml/element.ts";

/** RFC 6121 §4.7.1; `available` stands for the absent attribute. */
export type PresenceType =
  | "available"
  | "error"
  | "probe"
  | "subscribe"
  | "subscribed"
  | "unavailable"
  | "unsubscribe"
  | "unsubscribed";

/**
 * The type of a presence, `undefined` for a value that RFC 6121 does not know: unlike a message, whose unknown type is
 * read as normal, an unknown presence means nothing and is answered with bad-request.
 */
export function presenceTypeOf(presence: XmlElement): PresenceType | undefined {
  const type = presence.attr("type");
  switch (type) {
    case undefined:
      return "available";
    case "error":
    case "probe":
    case "subscribe":
    case "subscribed":
    case "unavailable":
    case "unsubscribe":
    case "unsubscribed":
      return type;
    default:
      return undefined;
  }
}

/** Whether the presence is about a subscription: such a stanza is sent from the bare JID. */
export function isSubscription(type: PresenceType): boolean {
  return type === "subscribe" || type === "subscribed" || type === "unsubscribe" || type === "unsubscribed";
}
