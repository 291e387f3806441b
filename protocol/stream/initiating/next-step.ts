import { unreachable } from "#protocol/assert.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_STREAM } from "#protocol/xml/namespaces.ts";
import { type Step, step } from "../step.ts";
import { starttlsRequest } from "../tls-elements.ts";
import { type ServerFeatures, readFeatures } from "./features.ts";
import { giveUp } from "./leaving.ts";
import { begin, enter } from "./resource.ts";
import { authenticate } from "./sasl.ts";
import type { AwaitingFeatures, InitiatingOrEnding } from "./state.ts";

/** What to do next, from what the server offers: TLS, then SASL, then an address. RFC 6120 §13.3 */
export function receiveFeatures(state: AwaitingFeatures, element: XmlElement): Step<InitiatingOrEnding> {
  if (element.ns !== NS_STREAM || element.name !== "features")
    return giveUp(state, { type: "protocol", text: `${element.name} where features were due` });
  const features = readFeatures(element);
  const { facts } = state;
  if (facts.address !== undefined) return enter(state, facts.address, features);
  if (facts.authenticated) return begin(state, features);
  // [rfc3920-4.3-01]
  if (facts.channel === undefined && !mayStayClear(state, features)) {
    if (facts.config.startTls === "none") return giveUp(state, { type: "tlsUnavailable" });
    // Asked for even where it is not offered: who took the offer away may be an attacker. [rfc7590-3.1-01] [rfc7590-3.1-02]
    return step({ ...state, phase: "awaitingProceed" }, { type: "send", element: starttlsRequest() });
  }
  return authenticate(state, facts, features); // [rfc3920-14.3-01]
}

function mayStayClear(state: AwaitingFeatures, features: ServerFeatures): boolean {
  switch (state.facts.config.startTls) {
    // A server that suddenly has no TLS is somebody else (A31).
    case "required":
      // [rfc6120-13.6-01] [rfc6120-13.8.2-02] [rfc6120-13.9.4-01]
      return false;
    case "optional":
      // [rfc6120-4.3.2-05] [rfc6120-5.2-03] [rfc6120-5.3.4-01] [rfc6120-13.8.1-02]
      return features.starttls === "none";
    case "none":
      return features.starttls !== "required";
    default:
      return unreachable(state.facts.config.startTls);
  }
}
