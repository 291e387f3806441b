import { unreachable } from "#protocol/assert.ts";
import { isStanza } from "#protocol/stanza/stanza-kind.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_SM } from "#protocol/xml/namespaces.ts";
import { buildSm, readSm } from "../sm/elements.ts";
import type { AnswerInput } from "../stream-input.ts";
import { StreamError } from "../stream-error.ts";
import { type Step, step } from "../step.ts";
import { failStream } from "./leaving.ts";
import { answerLateNegotiation } from "./late-negotiation.ts";
import type { Bound, EnablingSm, ReceivingOrEnding } from "./state.ts";
import { refuseUnknown } from "./unknown.ts";

/**
 * What is left for the machine once a stream is established: everything that is no stanza. Stanzas normally go past it
 * (`isStanza` decides); one that comes here all the same is passed up.
 */
export function receiveWhenBound(state: Bound, element: XmlElement): Step<ReceivingOrEnding> {
  if (element.ns === NS_SM) return receiveSm(state, element);
  if (isStanza(element)) {
    const reply = answerLateNegotiation(element);
    return step(state, reply === undefined ? { type: "stanza", element } : { type: "send", element: reply });
  }
  // What is no stanza goes no further than the session. [rfc6120-4.8.4-01] [rfc6120-4.8.4-02]
  if (state.host.acceptsNonza(element)) return step(state, { type: "nonza", element });
  return refuseUnknown(state, element);
}

/** XEP-0198 §3, §4 */
function receiveSm(state: Bound, element: XmlElement): Step<ReceivingOrEnding> {
  const request = readSm(element);
  const refused = (text: string) => failStream(state, new StreamError("policy-violation", { text }));
  switch (request.type) {
    case "enable":
      return receiveEnable(state, request.resume, request.secondsMax);
    case "resume":
      // [xep0198-3-10]
      return step(state, { type: "send", element: buildSm({ type: "failed", condition: "unexpected-request" }) });
    case "r":
      return state.sm === "enabled" ? step(state, { type: "ackRequested" }) : refused("stream management is off");
    case "a":
      return state.sm === "enabled"
        ? step(state, { type: "ackReceived", h: request.h })
        : refused("stream management is off");
    // [xep0198-4-01]
    case "malformed":
      return failStream(state, new StreamError("bad-format", { text: `malformed ${request.name}` }));
    case "enabled":
    case "resumed":
    case "failed":
      return refused(`${request.type} is for servers to send`);
    default:
      return unreachable(request);
  }
}

function receiveEnable(state: Bound, resume: boolean, secondsMax: number | undefined): Step<ReceivingOrEnding> {
  // One attempt is all. [xep0198-3-11] [xep0198-3-12]
  if (state.sm !== "unasked")
    return failStream(state, new StreamError("policy-violation", { text: "stream management was asked for before" }));
  if (!state.host.streamManagement)
    return step(
      { ...state, sm: "refused" },
      { type: "send", element: buildSm({ type: "failed", condition: "feature-not-implemented" }) },
    );
  const enabling: EnablingSm = { ...state, phase: "enablingSm" };
  // The stanzas that follow count, so they wait until counting has begun.
  return step(enabling, { type: "pauseInput" }, { type: "enableSm", resume, secondsMax });
}

/** To enableSm. [xep0198-3-03] [xep0198-5-03] */
export function receiveSmEnabled(
  state: EnablingSm,
  answer: Extract<AnswerInput, { type: "smEnabled" }>,
): Step<ReceivingOrEnding> {
  const enabled = buildSm({ type: "enabled", resume: answer.resumption !== undefined, ...answer.resumption });
  return step({ ...state, phase: "bound", sm: "enabled" }, { type: "send", element: enabled }, { type: "resumeInput" });
}

export function receiveSmRefused(
  state: EnablingSm,
  answer: Extract<AnswerInput, { type: "smFailed" }>,
): Step<ReceivingOrEnding> {
  return step(
    { ...state, phase: "bound", sm: "refused" },
    { type: "send", element: buildSm({ type: "failed", condition: answer.condition }) },
    { type: "resumeInput" },
  );
}
