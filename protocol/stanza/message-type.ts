import type { XmlElement } from "#protocol/xml/element.ts";

/** RFC 6121 §5.2.2. */
export type MessageType = "chat" | "error" | "groupchat" | "headline" | "normal";

/** The type of a message; absent or unknown means normal. RFC 6121 §5.2.2. */
export function messageTypeOf(message: XmlElement): MessageType {
  const type = message.attr("type");
  // [rfc6121-5.2.2-06]
  return type === "chat" || type === "error" || type === "groupchat" || type === "headline" ? type : "normal";
}
