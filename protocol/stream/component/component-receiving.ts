import { unreachable } from "#protocol/assert.ts";
import { isDomain, parseJid, type DomainJid } from "#protocol/jid/jid.ts";
import { isLanguageTag } from "#protocol/stanza/language.ts";
import { isStanza } from "#protocol/stanza/stanza-kind.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_COMPONENT_ACCEPT } from "#protocol/xml/namespaces.ts";
import { faultOfRoot } from "../header-rules.ts";
import { buildStreamError, errorOfFault, isStreamError, readStreamError, StreamError } from "../stream-error.ts";
import { closeAndWait, endNow } from "./component-ending.ts";
import { componentStep, type ComponentEffect, type ComponentInput, type ComponentStep } from "./component-input.ts";
import type {
  ComponentEndingState,
  ComponentReceivingConfig,
  ComponentReceivingState,
  ComponentState,
} from "./component-state.ts";
import { buildHandshake, isHandshake, provesSecret } from "./handshake.ts";

type Step = ComponentStep<ComponentState>;
type Of<Phase extends ComponentReceivingState["phase"]> = Extract<ComponentReceivingState, { readonly phase: Phase }>;

/** The server's end of a new connection. */
export function startServingComponent(config: ComponentReceivingConfig): ComponentStep<ComponentReceivingState> {
  // Absolute: nothing that the peer sends prolongs it (A7).
  return componentStep({ role: "receiving", phase: "opening", config }, { type: "startTimer", timer: "negotiation" });
}

export function receiveFromComponent(state: ComponentReceivingState, input: ComponentInput): Step {
  switch (input.type) {
    case "opened":
      if (state.phase === "opening") return receiveHeader(state, input);
      return fail(state, new StreamError("bad-format", { text: "a second stream header" }));
    case "element":
      return receiveElement(state, input.element);
    case "closed":
      return state.phase === "opening"
        ? fail(state, new StreamError("bad-format", { text: "a stream header comes first" }))
        : endNow({ type: "closed" }, { type: "sendClose" });
    case "fault": {
      // Nothing more can be read from it, so there is nothing to wait for.
      const error = errorOfFault(input.fault);
      return endNow({ type: "errorSent", error }, ...said(state, error), { type: "sendClose" });
    }
    case "disconnected":
      return endNow({ type: "disconnected" });
    case "keepAlive":
      return componentStep(state);
    case "admitted":
      return state.phase === "admitting" ? letIn(state) : componentStep(state);
    case "notAdmitted":
      return state.phase === "admitting" ? fail(state, input.error) : componentStep(state);
    case "close":
      return close(state, input.error);
    case "timeout":
      if (input.timer !== "negotiation" || state.phase === "serving") return componentStep(state);
      return fail(state, new StreamError("policy-violation", { text: "negotiation took too long" }));
    default:
      return unreachable(input);
  }
}

/** A header is always answered with ours; a fault in it is told inside the stream that this opens. [xep0114-3-04] */
function receiveHeader(state: Of<"opening">, input: Extract<ComponentInput, { type: "opened" }>): Step {
  const { config } = state;
  const { header, context } = input;
  const to = header.attr("to");
  const named = to === undefined ? undefined : parseJid(to);
  const domain = named !== undefined && isDomain(named) ? named : undefined;
  const answer = domain === undefined ? undefined : config.component(domain);
  const streamId = config.newStreamId();
  const served = answer?.type === "served" ? domain : undefined;
  const ours = ourHeader(config, streamId, served);
  // [xep0114-3-03]
  const fault = faultOfRoot(header, context, NS_COMPONENT_ACCEPT);
  if (fault !== undefined) return failBehind(fault, ours);
  if (named === undefined)
    return failBehind(
      new StreamError("improper-addressing", { text: "a stream is opened to the component's name" }),
      ours,
    );
  // [xep0114-3-02]
  if (domain === undefined || answer === undefined) return failBehind(new StreamError("host-unknown"), ours);
  if (answer.type === "refused") return failBehind(answer.error, ours);
  const tag = header.attr("xml:lang");
  const language = tag !== undefined && isLanguageTag(tag) ? tag : undefined;
  const { secrets } = answer;
  // [xep0114-3-01]
  return componentStep(
    { role: "receiving", phase: "awaitingProof", config, domain, streamId, secrets, language },
    ours,
  );
}

function receiveElement(state: ComponentReceivingState, element: XmlElement): Step {
  if (isStreamError(element))
    return endNow({ type: "errorReceived", error: readStreamError(element) }, ...headerIfMissing(state), {
      type: "sendClose",
    });
  switch (state.phase) {
    case "opening":
      return fail(state, new StreamError("bad-format", { text: "a stream header comes first" }));
    case "awaitingProof":
      // Nothing else is looked at before it is known who speaks.
      return isHandshake(element)
        ? receiveProof(state, element.text.trim())
        : fail(state, new StreamError("not-authorized", { text: "a handshake comes first" }));
    case "admitting":
      // Input is paused.
      return fail(state, new StreamError("not-authorized"));
    case "serving":
      if (isStanza(element)) return componentStep(state, { type: "stanza", element });
      // [rfc6120-4.8.4-03]
      return fail(state, new StreamError("unsupported-stanza-type"));
    default:
      return unreachable(state);
  }
}

function receiveProof(state: Of<"awaitingProof">, proof: string): Step {
  const { config, domain, language, secrets, streamId } = state;
  // All are tried, whichever fits. One attempt is all that a connection has. [xep0114-3-06]
  const proven = secrets.filter((secret) => provesSecret(proof, streamId, secret)).length > 0;
  if (!proven) {
    const failed = fail(state, new StreamError("not-authorized"));
    return componentStep(failed.state, { type: "handshakeFailed", domain }, ...failed.effects);
  }
  return componentStep(
    { role: "receiving", phase: "admitting", config, domain, language },
    { type: "pauseInput" },
    { type: "admit", domain },
  );
}

/** [xep0114-3-07] */
function letIn(state: Of<"admitting">): Step {
  const { domain, language } = state;
  return componentStep(
    { ...state, phase: "serving" },
    { type: "send", element: buildHandshake() },
    { type: "stopTimer", timer: "negotiation" },
    { type: "componentEstablished", domain, language },
    { type: "resumeInput" },
  );
}

function close(state: ComponentReceivingState, error: StreamError | undefined): Step {
  if (error !== undefined) return fail(state, error);
  // Nothing was opened, so there is nothing to close but the transport.
  if (state.phase === "opening") return endNow({ type: "closed" });
  const closed = closeAndWait({ end: { type: "closed" }, listening: state.phase === "serving" });
  return componentStep(closed.state, ...closed.effects, ...resumeIfPaused(state));
}

/** Sends an error and closes; the peer is given the time of the closing timer to close too. */
function fail(state: ComponentReceivingState, error: StreamError): ComponentStep<ComponentEndingState> {
  const closed = closeAndWait({ end: { type: "errorSent", error }, listening: false }, ...said(state, error));
  return componentStep(closed.state, ...closed.effects, ...resumeIfPaused(state));
}

function failBehind(error: StreamError, ours: ComponentEffect): ComponentStep<ComponentEndingState> {
  const told: ComponentEffect = { type: "send", element: buildStreamError(error) };
  return closeAndWait({ end: { type: "errorSent", error }, listening: false }, ours, told);
}

function said(state: ComponentReceivingState, error: StreamError): readonly ComponentEffect[] {
  return [...headerIfMissing(state), { type: "send", element: buildStreamError(error) }];
}

/** An error before our header is preceded by one. [rfc6120-4.9.1.2-01] */
function headerIfMissing(state: ComponentReceivingState): readonly ComponentEffect[] {
  return state.phase === "opening" ? [ourHeader(state.config, state.config.newStreamId(), undefined)] : [];
}

/** Without a version: what follows is no negotiation of RFC 6120. */
function ourHeader(config: ComponentReceivingConfig, id: string, domain: DomainJid | undefined): ComponentEffect {
  const header = { contentNamespace: NS_COMPONENT_ACCEPT, from: domain ?? config.defaultDomain, id };
  return { type: "sendHeader", header };
}

function resumeIfPaused(state: ComponentReceivingState): readonly ComponentEffect[] {
  return state.phase === "admitting" ? [{ type: "resumeInput" }] : [];
}
