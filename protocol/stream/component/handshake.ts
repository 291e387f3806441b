import { sha1 } from "@noble/hashes/legacy.js";
import { equalBytes, toHex } from "#protocol/sasl/bytes.ts";
import { encodeUtf8 } from "#protocol/sasl/utf8.ts";
import { xml, type XmlElement } from "#protocol/xml/element.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";

/** What proves that a component knows the secret, on the stream of this id: lowercase hexadecimal. XEP-0114 §3 */
export function handshakeOf(streamId: string, secret: string): string {
  return toHex(sha1(encodeUtf8(streamId + secret)));
}

/** Whether what a component sent is the proof for this stream; how long it takes does not depend on where they differ (A26). */
export function provesSecret(proof: string, streamId: string, secret: string): boolean {
  // Without a secret there is nothing to prove.
  if (secret === "") return false;
  return equalBytes(encodeUtf8(proof), encodeUtf8(handshakeOf(streamId, secret)));
}

/** `<handshake/>`: with the proof from a component, empty from the server that lets it in. */
export function buildHandshake(proof?: string): XmlElement {
  return xml(NS_CLIENT, "handshake", {}, proof);
}

/** The content namespace of a component's stream is read as jabber:client, like that of every stream. */
export function isHandshake(element: XmlElement): boolean {
  return element.ns === NS_CLIENT && element.name === "handshake";
}
