import { unreachable } from "#protocol/assert.ts";
import { isLanguageTag } from "#protocol/stanza/language.ts";
import { isStanza } from "#protocol/stanza/stanza-kind.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_COMPONENT_ACCEPT } from "#protocol/xml/namespaces.ts";
import { faultOfRoot } from "../header-rules.ts";
import { buildStreamError, errorOfFault, isStreamError, readStreamError, StreamError } from "../stream-error.ts";
import { closeAndWait, endNow } from "./component-ending.ts";
import { componentStep, type ComponentInput, type ComponentStep } from "./component-input.ts";
import type {
  ComponentEndingState,
  ComponentInitiatingConfig,
  ComponentInitiatingState,
  ComponentState,
} from "./component-state.ts";
import { buildHandshake, handshakeOf, isHandshake } from "./handshake.ts";

type Step = ComponentStep<ComponentState>;
type Of<Phase extends ComponentInitiatingState["phase"]> = Extract<ComponentInitiatingState, { readonly phase: Phase }>;

/** A component's end of a new connection. */
export function startComponent(config: ComponentInitiatingConfig): ComponentStep<ComponentInitiatingState> {
  return componentStep(
    { role: "initiating", phase: "awaitingHeader", config },
    { type: "startTimer", timer: "negotiation" },
    { type: "sendHeader", header: { contentNamespace: NS_COMPONENT_ACCEPT, to: config.domain } },
  );
}

export function receiveAsComponent(state: ComponentInitiatingState, input: ComponentInput): Step {
  switch (input.type) {
    case "opened":
      if (state.phase === "awaitingHeader") return receiveHeader(state, input);
      return fail(new StreamError("bad-format", { text: "a second stream header" }));
    case "element":
      return receiveElement(state, input.element);
    case "closed":
      return endNow({ type: "closed" }, { type: "sendClose" });
    case "fault": {
      const error = errorOfFault(input.fault);
      const told = { type: "send", element: buildStreamError(error) } as const;
      return endNow({ type: "errorSent", error }, told, { type: "sendClose" });
    }
    case "disconnected":
      return endNow({ type: "disconnected" });
    case "close":
      return input.error === undefined
        ? closeAndWait({ end: { type: "closed" }, listening: state.phase === "connected" })
        : fail(input.error);
    case "timeout":
      if (input.timer !== "negotiation" || state.phase === "connected") return componentStep(state);
      return fail(new StreamError("connection-timeout", { text: "the server took too long" }));
    case "keepAlive":
    // Questions of the other role.
    case "admitted":
    case "notAdmitted":
      return componentStep(state);
    default:
      return unreachable(input);
  }
}

/** [xep0114-3-05] */
function receiveHeader(state: Of<"awaitingHeader">, input: Extract<ComponentInput, { type: "opened" }>): Step {
  const { config } = state;
  const { header, context } = input;
  const fault = faultOfRoot(header, context, NS_COMPONENT_ACCEPT);
  if (fault !== undefined) return fail(fault);
  const id = header.attr("id");
  // Without it there is nothing to prove anything for, unless the server has an error to tell.
  const proof = id === undefined ? undefined : buildHandshake(handshakeOf(id, config.secret));
  const tag = header.attr("xml:lang");
  const language = tag !== undefined && isLanguageTag(tag) ? tag : undefined;
  const next = { role: "initiating", phase: "awaitingAnswer", config, language } as const;
  return proof === undefined ? componentStep(next) : componentStep(next, { type: "send", element: proof });
}

function receiveElement(state: ComponentInitiatingState, element: XmlElement): Step {
  if (isStreamError(element))
    return endNow({ type: "errorReceived", error: readStreamError(element) }, { type: "sendClose" });
  switch (state.phase) {
    case "awaitingHeader":
      return fail(new StreamError("bad-format", { text: "a stream header comes first" }));
    case "awaitingAnswer":
      if (!isHandshake(element)) return fail(new StreamError("bad-format", { text: "a handshake is awaited" }));
      return componentStep(
        { role: "initiating", phase: "connected", config: state.config },
        { type: "stopTimer", timer: "negotiation" },
        { type: "componentEstablished", domain: state.config.domain, language: state.language },
      );
    case "connected":
      if (isStanza(element)) return componentStep(state, { type: "stanza", element });
      return fail(new StreamError("unsupported-stanza-type"));
    default:
      return unreachable(state);
  }
}

function fail(error: StreamError): ComponentStep<ComponentEndingState> {
  const told = { type: "send", element: buildStreamError(error) } as const;
  return closeAndWait({ end: { type: "errorSent", error }, listening: false }, told);
}
