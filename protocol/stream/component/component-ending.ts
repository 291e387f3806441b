import { unreachable } from "#protocol/assert.ts";
import { isStanza } from "#protocol/stanza/stanza-kind.ts";
import type { StreamEnd } from "../stream-end.ts";
import { componentStep, type ComponentEffect, type ComponentInput, type ComponentStep } from "./component-input.ts";
import type { ComponentEndingState } from "./component-state.ts";

type Step = ComponentStep<ComponentEndingState>;

/** Sends the closing tag behind `before` and gives the peer time to do the same. RFC 6120 §4.4 */
export function closeAndWait(
  options: { readonly end: StreamEnd; readonly listening: boolean },
  ...before: readonly ComponentEffect[]
): Step {
  return componentStep(
    { phase: "closing", ...options },
    ...before,
    { type: "sendClose" },
    { type: "stopTimer", timer: "negotiation" },
    { type: "startTimer", timer: "closing" },
  );
}

/** The transport is to be closed behind what was sent. */
export function endNow(end: StreamEnd, ...before: readonly ComponentEffect[]): Step {
  return componentStep(
    { phase: "ended" },
    ...before,
    { type: "stopTimer", timer: "negotiation" },
    { type: "stopTimer", timer: "closing" },
    { type: "disconnect" },
    { type: "ended", end },
  );
}

/** What happens after we have closed. */
export function receiveWhenEnding(state: ComponentEndingState, input: ComponentInput): Step {
  if (state.phase === "ended") return componentStep(state);
  switch (input.type) {
    case "element":
      return state.listening && isStanza(input.element)
        ? componentStep(state, { type: "stanza", element: input.element })
        : componentStep(state);
    case "closed":
    case "disconnected":
    case "fault":
      return endNow(state.end);
    case "timeout":
      if (input.timer !== "closing") return componentStep(state);
      return endNow(state.end.type === "closed" ? { type: "closeTimedOut" } : state.end);
    case "opened":
    case "keepAlive":
    case "admitted":
    case "notAdmitted":
    case "close":
      return componentStep(state);
    default:
      return unreachable(input);
  }
}
