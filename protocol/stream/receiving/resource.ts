import type { FullJid } from "#protocol/jid/jid.ts";
import { errorReply, StanzaError } from "#protocol/stanza/stanza-error.ts";
import { bareOf, parseJid } from "#protocol/jid/jid.ts";
import { isIqRequest, readIq } from "#protocol/stanza/iq.ts";
import { isStanza } from "#protocol/stanza/stanza-kind.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_BIND, NS_SM } from "#protocol/xml/namespaces.ts";
import { bindResult, requestedResource } from "../bind-elements.ts";
import { buildSm, readSm } from "../sm/elements.ts";
import { StreamError } from "../stream-error.ts";
import { type Step, step } from "../step.ts";
import { refuseEarlySm } from "./choosing.ts";
import { defaultNegotiationLimits } from "./config.ts";
import { failStream } from "./leaving.ts";
import type { Binding, Bound, ChoosingResource, ReceivingOrEnding, Resuming } from "./state.ts";
import { refuseUnknown } from "./unknown.ts";
import type { AnswerInput } from "../stream-input.ts";

/** Authenticated, and without an address: binding or resumption comes first. RFC 6120 §7 */
export function receiveBeforeBinding(state: ChoosingResource, element: XmlElement): Step<ReceivingOrEnding> {
  if (element.ns === NS_SM) return receiveResume(state, element);
  if (!isStanza(element)) return refuseUnknown(state, element);
  // [rfc6120-7.2-01]
  if (isIqRequest(element) && element.firstElement?.ns === NS_BIND) return receiveBind(state, element);
  // No address yet, so nobody to be sent from. [rfc6120-4.3.5-03] [rfc6120-4.3.6-02] [rfc6120-7.1-05] [rfc6120-7.3.1-01]
  if (!isIqRequest(element) || !isForUs(state, element)) return failStream(state, new StreamError("not-authorized"));
  return answer(state, element, new StanzaError("unexpected-request", { text: "bind a resource first" }));
}

function receiveBind(state: ChoosingResource, request: XmlElement): Step<ReceivingOrEnding> {
  const fault = faultOfBind(request);
  if (fault !== undefined) return refuseBind(state, request, fault);
  const bind = request.firstElement;
  const requested = bind === undefined ? undefined : requestedResource(bind);
  const binding: Binding = { ...state, phase: "binding", request };
  return step(binding, { type: "pauseInput" }, { type: "bindResource", user: state.user.jid, requested });
}

function faultOfBind(request: XmlElement): StanzaError | undefined {
  try {
    const iq = readIq(request);
    if (iq.type === "set" && iq.payload.name === "bind") return undefined;
    return new StanzaError("bad-request");
  } catch (error) {
    if (error instanceof StanzaError) return error;
    throw error;
  }
}

/** To bindResource. [rfc6120-7.6.1-01] */
export function receiveBound(state: Binding, jid: FullJid): Step<ReceivingOrEnding> {
  const { language } = state.facts;
  const bound: Bound = {
    role: "receiving",
    phase: "bound",
    facts: state.facts,
    host: state.host,
    user: state.user,
    jid,
    sm: "unasked",
  };
  return step(
    bound,
    // [rfc3920-7-08]
    { type: "send", element: bindResult(state.request, jid) },
    { type: "stopTimer", timer: "negotiation" },
    // [rfc6120-4.3.6-01] [rfc6120-4.3.6-04] [rfc6120-7.1-02]
    { type: "established", jid, how: "bound", language },
    { type: "resumeInput" },
  );
}

/** To bindResource: they may try again, a bounded number of times. [rfc6120-7.7.3-01] [rfc6120-7.7.3-02] */
export function receiveBindFailure(state: Binding, error: StanzaError): Step<ReceivingOrEnding> {
  // [rfc6120-7.6.2.1-01] [rfc6120-7.6.2.2-01]
  const refused = refuseBind({ ...state, phase: "choosingResource" }, state.request, error);
  return step(refused.state, ...refused.effects, { type: "resumeInput" });
}

function refuseBind(state: ChoosingResource, request: XmlElement, error: StanzaError): Step<ReceivingOrEnding> {
  const failures = state.facts.bindFailures + 1;
  const next = answer({ ...state, facts: { ...state.facts, bindFailures: failures } }, request, error);
  const log = { type: "log", event: { name: "bind-failed", condition: error.condition, failures } } as const;
  return boundFailures(next.state, failures, [...next.effects, log]);
}

function boundFailures(
  state: ChoosingResource,
  failures: number,
  effects: Step<unknown>["effects"],
): Step<ReceivingOrEnding> {
  // [rfc6120-7.7.3-01] [rfc6120-7.7.3-02]
  if (failures < (state.facts.config.limits?.bindFailuresMax ?? defaultNegotiationLimits.bindFailuresMax))
    return step(state, ...effects);
  const closed = failStream(state, new StreamError("policy-violation", { text: "too many failed attempts to bind" }));
  return step(closed.state, ...effects, ...closed.effects);
}

/** XEP-0198 §5 */
function receiveResume(state: ChoosingResource, element: XmlElement): Step<ReceivingOrEnding> {
  if (element.name !== "resume") return refuseEarlySm(state, element);
  const request = readSm(element);
  const refused = (condition: "bad-request" | "feature-not-implemented") =>
    step(state, { type: "send", element: buildSm({ type: "failed", condition }) });
  // [xep0198-5-14]
  if (!state.host.streamManagement) return refused("feature-not-implemented");
  // [xep0198-5-12] [xep0198-6-01] [xep0198-6-02]
  if (request.type !== "resume") return refused("bad-request");
  const resuming: Resuming = { ...state, phase: "resuming", previous: request.previous };
  return step(
    resuming,
    { type: "pauseInput" },
    { type: "resumeSm", user: state.user.jid, previous: request.previous, h: request.h },
  );
}

/** To resumeSm: `<resumed/>` goes out before the session sends anything again. [xep0198-5-13] */
export function receiveResumed(state: Resuming, jid: FullJid, h: number): Step<ReceivingOrEnding> {
  const { language } = state.facts;
  const bound: Bound = {
    role: "receiving",
    phase: "bound",
    facts: state.facts,
    host: state.host,
    user: state.user,
    jid,
    sm: "enabled",
  };
  return step(
    bound,
    { type: "send", element: buildSm({ type: "resumed", previous: state.previous, h }) },
    { type: "stopTimer", timer: "negotiation" },
    { type: "established", jid, how: "resumed", language },
    { type: "resumeInput" },
  );
}

/** To resumeSm: binding is still possible [xep0198-5-17] [xep0198-5-15], and `h` says what had arrived (S8). [xep0198-5-16] */
export function receiveResumeFailure(
  state: Resuming,
  failure: Extract<AnswerInput, { type: "smFailed" }>,
): Step<ReceivingOrEnding> {
  const failures = state.facts.bindFailures + 1;
  const next: ChoosingResource = {
    ...state,
    phase: "choosingResource",
    facts: { ...state.facts, bindFailures: failures },
  };
  const { condition, h } = failure;
  // [xep0198-6-03]
  const told = boundFailures(next, failures, [{ type: "send", element: buildSm({ type: "failed", condition, h }) }]);
  return step(told.state, ...told.effects, { type: "resumeInput" });
}

function answer(state: ChoosingResource, request: XmlElement, error: StanzaError): Step<ChoosingResource> {
  const reply = errorReply(request, error);
  return reply === undefined ? step(state) : step(state, { type: "send", element: reply });
}

/** Addressed to the server or to the own account. */
function isForUs(state: ChoosingResource, request: XmlElement): boolean {
  const to = request.attr("to");
  if (to === undefined) return true;
  const jid = parseJid(to);
  return jid === state.host.domain || (jid !== undefined && bareOf(jid) === state.user.jid);
}
