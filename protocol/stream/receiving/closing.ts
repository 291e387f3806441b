import { unreachable } from "#protocol/assert.ts";
import { StreamError } from "../stream-error.ts";
import { type Step, step } from "../step.ts";
import { closeAndWait, endNow } from "../ending.ts";
import { failStream, resumeIfPaused } from "./leaving.ts";
import type { Finishing, ReceivingOrEnding, ReceivingState } from "./state.ts";

/** The peer closed its stream. RFC 6120 §4.4 */
export function receivePeerClose(state: ReceivingState): Step<ReceivingOrEnding> {
  switch (state.phase) {
    case "securing":
      return endNow("receiving", { type: "disconnected" });
    case "bound":
    case "enablingSm": {
      // The session has stanzas under way, and an ack to give before the closing tag (S7).
      const { facts, host, jid, user } = state;
      const finishing: Finishing = { role: "receiving", phase: "finishing", facts, host, jid, user };
      return step(finishing, { type: "startTimer", timer: "closing" }, { type: "peerClosed" });
    }
    case "finishing":
      return step(state);
    case "opening":
    case "choosing":
    case "authenticating":
    case "askingEarly":
    case "legacyAuthenticating":
    case "choosingResource":
    case "upgrading":
    case "inlining":
    case "binding":
    case "resuming":
      return state.facts.headerSent
        ? endNow("receiving", { type: "closed" }, { type: "sendClose" })
        : failStream(state, new StreamError("bad-format", { text: "a stream header comes first" }));
    default:
      return unreachable(state);
  }
}

/** The owner wants the stream closed: in peace, or with an error. RFC 6120 §4.4, §4.9.1.1 */
export function receiveClose(state: ReceivingState, error: StreamError | undefined): Step<ReceivingOrEnding> {
  if (state.phase === "finishing") return endNow("receiving", { type: "closed" }, { type: "sendClose" });
  if (error !== undefined) return failStream(state, error);
  // Nothing was opened, so there is nothing to close but the transport.
  if (state.phase === "securing" || !state.facts.headerSent) return endNow("receiving", { type: "closed" });
  const listening = state.phase === "bound" || state.phase === "enablingSm";
  const closed = closeAndWait("receiving", { end: { type: "closed" }, listening });
  return step(closed.state, ...closed.effects, ...resumeIfPaused(state));
}
