import { receiveWhenEnding } from "./component-ending.ts";
import { receiveAsComponent } from "./component-initiating.ts";
import type { ComponentInput, ComponentStep } from "./component-input.ts";
import { receiveFromComponent } from "./component-receiving.ts";
import type { ComponentState } from "./component-state.ts";

/**
 * The machine of a component's stream (XEP-0114, `jabber:component:accept`), of both roles: what follows from an input, and
 * what is to be done about it. It never throws and never waits. Start with `startServingComponent` or `startComponent`.
 *
 * The effects of one step are to be carried out in order, before the next input is given.
 */
export function receiveComponent(state: ComponentState, input: ComponentInput): ComponentStep<ComponentState> {
  if (state.phase === "closing" || state.phase === "ended") return receiveWhenEnding(state, input);
  return state.role === "receiving" ? receiveFromComponent(state, input) : receiveAsComponent(state, input);
}

/** Whether stanzas that the reader finds go straight to whoever owns the stream. */
export function isComponentEstablished(state: ComponentState): boolean {
  return state.phase === "serving" || state.phase === "connected";
}
