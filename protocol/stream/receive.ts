import { receiveWhenEnding } from "./ending.ts";
import { receiveAsInitiating } from "./initiating/receive.ts";
import { receiveAsReceiving } from "./receiving/receive.ts";
import type { StreamInput } from "./stream-input.ts";
import type { StreamState } from "./stream-state.ts";
import type { Step } from "./step.ts";

/**
 * The stream machine, of both roles: what follows from an input, and what is to be done about it. It never throws and
 * never waits. Start with `startReceiving` or `startInitiating`; stanzas of an established stream may go past it.
 *
 * The effects of one step are to be carried out in order, before the next input is given.
 */
export function receive(state: StreamState, input: StreamInput): Step<StreamState> {
  if (state.phase === "closing" || state.phase === "ended") return receiveWhenEnding(state, input);
  return state.role === "receiving" ? receiveAsReceiving(state, input) : receiveAsInitiating(state, input);
}

/** Whether stanzas that the reader finds go straight to the session. */
export function isEstablished(state: StreamState): boolean {
  return state.phase === "bound" || state.phase === "connected";
}

/** Whether white space may be sent to keep the connection alive: not while TLS or SASL is under way. */
export function mayKeepAlive(state: StreamState): boolean {
  // [rfc6120-5.3.3-01] [rfc6120-6.3.5-01] [rfc6120-11.7-01]
  return isEstablished(state) || state.phase === "enablingSm";
}
