import { decodeSaslContent, encodeBase64, encodeSaslContent } from "#protocol/sasl/sasl-base64.ts";
import type { SaslCondition } from "#protocol/sasl/sasl-condition.ts";
import { type XmlElement, xml } from "#protocol/xml/element.ts";
import { NS_SASL } from "#protocol/xml/namespaces.ts";

/** What the initiating entity says during SASL negotiation. RFC 6120 §6.4. */
export type SaslRequest =
  | { readonly type: "auth"; readonly mechanism: string; readonly initial: Uint8Array | undefined }
  | { readonly type: "response"; readonly data: Uint8Array }
  | { readonly type: "abort" }
  | { readonly type: "broken"; readonly condition: "incorrect-encoding" | "invalid-mechanism" | "malformed-request" };

/** What the receiving entity says. */
export type SaslReply =
  | { readonly type: "challenge"; readonly data: Uint8Array }
  | { readonly type: "success"; readonly data: Uint8Array | undefined }
  | { readonly type: "failure"; readonly condition: string; readonly text: string | undefined }
  | { readonly type: "broken"; readonly text: string };

/** Reads an element in the SASL namespace, in the receiving role. */
export function readSaslRequest(element: XmlElement): SaslRequest {
  if (element.name === "abort") return { type: "abort" };
  if (element.name !== "auth" && element.name !== "response") return { type: "broken", condition: "malformed-request" };
  if (element.firstElement !== undefined) return { type: "broken", condition: "malformed-request" };
  const content = decodeSaslContent(element.text);
  if (!content.ok) return { type: "broken", condition: content.condition };
  if (element.name === "response") return { type: "response", data: content.data ?? new Uint8Array() };
  const mechanism = element.attr("mechanism");
  // RFC 6120 §6.5.7: naming none is as good as naming one that does not exist.
  if (mechanism === undefined || mechanism === "") return { type: "broken", condition: "invalid-mechanism" };
  return { type: "auth", mechanism, initial: content.data };
}

/** Reads an element in the SASL namespace, in the initiating role. */
export function readSaslReply(element: XmlElement): SaslReply {
  switch (element.name) {
    case "challenge":
    case "success": {
      const content = decodeSaslContent(element.text);
      if (!content.ok) return { type: "broken", text: `the data of ${element.name} is not base64` };
      if (element.name === "success") return { type: "success", data: content.data };
      return { type: "challenge", data: content.data ?? new Uint8Array() };
    }
    case "failure": {
      const children = element.elements().filter((child) => child.ns === NS_SASL);
      // A condition that is missing means not-authorized; one that nobody knows ends the attempt just the same.
      // [rfc6120-6.5-04]
      const condition = children.find((child) => child.name !== "text")?.name ?? "not-authorized";
      return { type: "failure", condition, text: element.child(NS_SASL, "text")?.text };
    }
    default:
      return { type: "broken", text: `${element.name} is not an answer to SASL` };
  }
}

/** [rfc6120-6.4.2-02] */
export function saslAuth(mechanism: string, initial: Uint8Array | undefined): XmlElement {
  return xml(NS_SASL, "auth", { mechanism }, encodeSaslContent(initial));
}

export function saslResponse(data: Uint8Array): XmlElement {
  return xml(NS_SASL, "response", {}, encodeBase64(data));
}

export function saslAbort(): XmlElement {
  return xml(NS_SASL, "abort");
}

export function saslChallenge(data: Uint8Array): XmlElement {
  return xml(NS_SASL, "challenge", {}, encodeBase64(data));
}

/** Data that is there and empty is not the same as none. */
export function saslSuccess(data: Uint8Array | undefined): XmlElement {
  // [rfc6120-6.4.6-03]
  return xml(NS_SASL, "success", {}, encodeSaslContent(data));
}

export function saslFailure(condition: SaslCondition, text?: string): XmlElement {
  return xml(
    NS_SASL,
    "failure",
    {},
    // [rfc6120-6.5-03]
    xml(NS_SASL, condition),
    // [rfc6120-6.5-05]
    text === undefined ? undefined : xml(NS_SASL, "text", { "xml:lang": "en" }, text),
  );
}
