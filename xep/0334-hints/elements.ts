import type { XmlElement } from "#protocol/xml/element.ts";

const NS_HINTS = "urn:xmpp:hints";

/** What the sender of a message wishes for its storage (XEP-0334 §4): nothing said is undefined. */
export function storageHint(message: XmlElement): "store" | "no-store" | undefined {
  if (has(message, "no-store")) return "no-store";
  return has(message, "store") ? "store" : undefined;
}

/** Whether the sender wishes that no archive keeps the message; it may wait for its recipient (XEP-0334 §4.1). */
export function forbidsArchive(message: XmlElement): boolean {
  return has(message, "no-permanent-store") || has(message, "no-store");
}

/** Whether the sender wishes that nobody but the addressee gets the message (XEP-0334 §4.3). */
export function forbidsCopies(message: XmlElement): boolean {
  return has(message, "no-copy");
}

/** An error brings back the hints of what it answers; they are not its own. [xep0334-5-03] */
function has(message: XmlElement, hint: string): boolean {
  return message.child(NS_HINTS, hint) !== undefined && message.attr("type") !== "error";
}
