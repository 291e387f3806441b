import { closeAndWait, endNow } from "../ending.ts";
import { buildStreamError, type StreamError } from "../stream-error.ts";
import type { NegotiationFailure, StreamEnd } from "../stream-end.ts";
import { type Step, step } from "../step.ts";
import type { InitiatingOrEnding, InitiatingState } from "./state.ts";

/** We cannot or will not go on: closes without an error, for the peer did nothing wrong. */
export function giveUp(state: InitiatingState, failure: NegotiationFailure): Step<InitiatingOrEnding> {
  if (state.phase === "startingTls") return endNow("initiating", { type: "failed", failure });
  return closeQuietly(state, { type: "failed", failure });
}

/** Closes, and reports `end` when the peer has closed too. */
export function closeQuietly(
  state: InitiatingState,
  end: StreamEnd,
  ...before: Step<unknown>["effects"]
): Step<InitiatingOrEnding> {
  const listening = state.phase === "connected" && end.type === "closed";
  const closed = closeAndWait("initiating", { end, listening }, ...before);
  const paused = (state.phase === "proving" || state.phase === "salting") && state.waitingFor === "key";
  return paused ? step(closed.state, ...closed.effects, { type: "resumeInput" }) : closed;
}

/** The peer broke the protocol: says how, and leaves. */
export function giveUpWithError(state: InitiatingState, error: StreamError): Step<InitiatingOrEnding> {
  const end = { type: "errorSent", error } as const;
  if (state.phase === "startingTls") return endNow("initiating", end);
  // [rfc6120-4.9-02] [rfc6120-4.9.1.1-01]
  return closeQuietly(state, end, { type: "send", element: buildStreamError(error) });
}

/** The peer may be an attacker: not a word more than it takes to end the exchange. */
export function breakOff(failure: NegotiationFailure, ...before: Step<unknown>["effects"]): Step<InitiatingOrEnding> {
  return endNow("initiating", { type: "failed", failure }, ...before, { type: "sendClose" });
}
