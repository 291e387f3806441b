import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";

/** The three primitives: push, publish to those who may know, ask and be answered. RFC 6120 §8.2. */
export type StanzaKind = "message" | "presence" | "iq";

/**
 * Whether a first-level element is a stanza. On the hot path: this check decides that an element of an established
 * stream goes straight to its session and not through the stream machine. RFC 6120 §4.1.
 */
export function isStanza(element: XmlElement): boolean {
  return stanzaKindOf(element) !== undefined;
}

/**
 * The kind of a first-level element, `undefined` when it is no stanza. Readers hand up the content of server-to-server
 * and component streams in jabber:client too, so a stanza that still is in jabber:server came over the wrong stream.
 */
export function stanzaKindOf(element: XmlElement): StanzaKind | undefined {
  if (element.ns !== NS_CLIENT) return undefined;
  const { name } = element;
  return name === "message" || name === "presence" || name === "iq" ? name : undefined;
}
