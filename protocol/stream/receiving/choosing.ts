import { isIqRequest } from "#protocol/stanza/iq.ts";
import { isStanza } from "#protocol/stanza/stanza-kind.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_SASL, NS_SASL2, NS_SM, NS_TLS } from "#protocol/xml/namespaces.ts";
import { buildSm } from "../sm/elements.ts";
import { StreamError } from "../stream-error.ts";
import { type Step, step } from "../step.ts";
import { starttlsFailure, starttlsProceed } from "../tls-elements.ts";
import { defaultNegotiationLimits } from "./config.ts";
import { endNow } from "../ending.ts";
import { failStream } from "./leaving.ts";
import { isLegacyAuth, offersLegacyAuth, receiveLegacyAuth } from "./legacy-auth.ts";
import { receiveSasl, receiveSasl2 } from "./sasl.ts";
import type { AskingEarly, Authenticating, Choosing, ReceivingOrEnding, ReceivingState } from "./state.ts";
import { refuseUnknown } from "./unknown.ts";

/** Before authentication only the announced features may be used, and nothing else is served. RFC 6120 §4.3.5 */
export function receiveBeforeAuthentication(
  state: Choosing | Authenticating,
  element: XmlElement,
): Step<ReceivingOrEnding> {
  switch (element.ns) {
    case NS_TLS:
      return receiveStarttls(state, element);
    case NS_SASL:
      return receiveSasl(state, element);
    case NS_SASL2:
      return receiveSasl2(state, element);
    case NS_SM:
      return refuseEarlySm(state, element);
    default:
      return isStanza(element) ? receiveEarlyStanza(state, element) : refuseUnknown(state, element);
  }
}

/** RFC 6120 §5.4.2 */
function receiveStarttls(state: Choosing | Authenticating, element: XmlElement): Step<ReceivingOrEnding> {
  if (element.name !== "starttls") return refuseUnknown(state, element);
  // Not during SASL either: what was said before TLS would outlive it. [rfc6120-5.4.2.1-01] [rfc6120-5.4.2.2-01] [rfc6120-5.3.4-01]
  if (!state.choice.starttls || state.phase === "authenticating")
    return endNow("receiving", { type: "closed" }, { type: "send", element: starttlsFailure() }, { type: "sendClose" });
  return step(
    { role: "receiving", phase: "securing", facts: state.facts },
    // [rfc6120-5.4.2.3-01]
    { type: "send", element: starttlsProceed() },
    // Whatever was sent in the same breath was not protected: it must not be read as if it were (A21). [rfc6120-5.3.2-01]
    { type: "restartInput", rest: "drop" },
    // [rfc6120-5.2-01] [rfc6120-5.4.2.3-02]
    { type: "startTls" },
  );
}

/** XEP-0198 §3, §10: stream management is for those who are authenticated. [xep0198-3-08] [xep0198-10-01] */
export function refuseEarlySm(state: ReceivingState, element: XmlElement): Step<ReceivingOrEnding> {
  // [xep0198-3-10]
  if (element.name === "enable" || element.name === "resume")
    return step(state, { type: "send", element: buildSm({ type: "failed", condition: "unexpected-request" }) });
  return failStream(state, new StreamError("not-authorized"));
}

/** No stanza before authentication, but for what the host lets through: old log-ins, registration. */
function receiveEarlyStanza(state: Choosing | Authenticating, element: XmlElement): Step<ReceivingOrEnding> {
  const { facts, host } = state;
  if (
    state.phase === "choosing" &&
    isIqRequest(element) &&
    isLegacyAuth(element) &&
    offersLegacyAuth(host, facts.channel)
  )
    return receiveLegacyAuth(state, element);
  const secureEnough = facts.channel !== undefined || host.startTls !== "required";
  // Nobody is served before we know who they are.
  // [rfc6120-4.7.1-04] [rfc6120-4.7.2-05] [rfc6120-4.9.3.12-01] [rfc6120-6.3.1-01] [rfc6120-13.12-01]
  // Nothing of a client is served before it is known who it is. [rfc7590-3.4-02]
  if (state.phase === "authenticating" || !secureEnough || !isIqRequest(element) || !host.acceptsEarly(element))
    return failStream(state, new StreamError("not-authorized"));
  const earlyRequests = facts.earlyRequests + 1;
  if (earlyRequests > (facts.config.limits?.earlyRequestsMax ?? defaultNegotiationLimits.earlyRequestsMax))
    return failStream(state, new StreamError("policy-violation", { text: "too many requests" }));
  const asking: AskingEarly = { ...state, phase: "askingEarly", facts: { ...facts, earlyRequests } };
  return step(asking, { type: "pauseInput" }, { type: "earlyRequest", element });
}

export function receiveEarlyReply(state: AskingEarly, element: XmlElement): Step<ReceivingOrEnding> {
  return step({ ...state, phase: "choosing" }, { type: "send", element }, { type: "resumeInput" });
}
