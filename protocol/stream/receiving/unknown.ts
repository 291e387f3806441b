import { isStanza } from "#protocol/stanza/stanza-kind.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import {
  NS_CLIENT,
  NS_COMPONENT_ACCEPT,
  NS_COMPONENT_CONNECT,
  NS_SASL,
  NS_SASL2,
  NS_SERVER,
  NS_STREAM,
  NS_TLS,
} from "#protocol/xml/namespaces.ts";
import { StreamError } from "../stream-error.ts";
import type { Step } from "../step.ts";
import { failStream } from "./leaving.ts";
import type { ReceivingOrEnding, ReceivingState } from "./state.ts";

/** A first-level element with no meaning at this point ends the stream. [rfc6120-4.8.4-03] */
export function refuseUnknown(state: ReceivingState, element: XmlElement): Step<ReceivingOrEnding> {
  return failStream(state, errorOfUnknown(element));
}

export function errorOfUnknown(element: XmlElement): StreamError {
  switch (element.ns) {
    // The content of another kind of stream. [rfc6120-4.8.3-04] [rfc6120-4.8.3-08]
    case NS_SERVER:
    case NS_COMPONENT_ACCEPT:
    case NS_COMPONENT_CONNECT:
      return new StreamError("invalid-namespace");
    // A step of negotiation that is over, or not due. [rfc6120-4.9.3.12-01]
    case NS_TLS:
    case NS_SASL:
    // [xep0388-4.8-01]
    case NS_SASL2:
      return new StreamError("not-authorized", { text: `${element.name} is not possible now` });
    case NS_CLIENT:
      return new StreamError(isStanza(element) ? "not-authorized" : "unsupported-stanza-type");
    case NS_STREAM:
      return new StreamError("bad-format", { text: `${element.name} is not for you to send` });
    default:
      return new StreamError("unsupported-stanza-type");
  }
}
