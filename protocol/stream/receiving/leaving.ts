import { unreachable } from "#protocol/assert.ts";
import { closeAndWait, endNow } from "../ending.ts";
import { buildStreamError, type StreamError } from "../stream-error.ts";
import type { StreamEnd } from "../stream-end.ts";
import type { StreamEffect } from "../stream-effect.ts";
import { formatVersion, ourVersion } from "../stream-version.ts";
import { type Step, step } from "../step.ts";
import type { ReceivingOrEnding, ReceivingState } from "./state.ts";

/**
 * Sends an error and closes; the peer is given the time of the closing timer to close too. An error before our header
 * is preceded by one [rfc6120-4.9.1.2-01]; during a TLS handshake there is no way to say anything. [rfc6120-5.4.3.2-02]
 */
export function failStream(state: ReceivingState, error: StreamError): Step<ReceivingOrEnding> {
  const end: StreamEnd = { type: "errorSent", error };
  // [rfc6120-5.4.3.1-02] [rfc6120-5.4.3.2-02]
  if (state.phase === "securing") return endNow("receiving", end);
  // [rfc6120-4.9-02] [rfc6120-4.9.1.1-01]
  const closed = closeAndWait("receiving", { end, listening: false }, ...headerIfMissing(state), {
    type: "send",
    element: buildStreamError(error),
  });
  return step(closed.state, ...closed.effects, ...resumeIfPaused(state));
}

/** As failStream, but nothing more can be read from the peer, so there is nothing to wait for. */
export function failUnreadable(state: ReceivingState, error: StreamError): Step<ReceivingOrEnding> {
  const end: StreamEnd = { type: "errorSent", error };
  if (state.phase === "securing") return endNow("receiving", end);
  const told: readonly StreamEffect[] = [{ type: "send", element: buildStreamError(error) }, { type: "sendClose" }];
  return endNow("receiving", end, ...headerIfMissing(state), ...told);
}

/** Whether a question is open, so that the input is paused. */
export function isPaused(state: ReceivingState): boolean {
  switch (state.phase) {
    case "askingEarly":
    case "legacyAuthenticating":
    case "binding":
    case "resuming":
    case "enablingSm":
    case "inlining":
      return true;
    case "authenticating":
      return state.waiting.for !== "response";
    case "upgrading":
      return state.waiting.for === "keeping";
    case "opening":
    case "choosing":
    case "securing":
    case "choosingResource":
    case "bound":
    case "finishing":
      return false;
    default:
      return unreachable(state);
  }
}

/** Input stops while someone other than the peer has to answer, so that a client which sends ahead is served in order. */
export function moveOn<Next extends ReceivingState>(
  before: ReceivingState,
  next: Next,
  ...effects: readonly StreamEffect[]
): Step<Next> {
  const wasPaused = isPaused(before);
  const paused = isPaused(next);
  return step(
    next,
    ...(paused && !wasPaused ? ([{ type: "pauseInput" }] as const) : []),
    ...effects,
    ...(wasPaused && !paused ? ([{ type: "resumeInput" }] as const) : []),
  );
}

export function resumeIfPaused(state: ReceivingState): readonly StreamEffect[] {
  return isPaused(state) ? [{ type: "resumeInput" }] : [];
}

/** The header for an error that comes before ours: we do not know who asks for whom. [rfc6120-4.9.1.3-01] */
function headerIfMissing(state: ReceivingState): readonly StreamEffect[] {
  const { config, headerSent, host } = state.facts;
  // [rfc6120-4.9.1.2-01]
  if (headerSent) return [];
  return [
    {
      type: "sendHeader",
      header: {
        contentNamespace: config.contentNamespace,
        from: host?.domain ?? config.defaultDomain,
        id: config.newStreamId(),
        version: formatVersion(ourVersion),
        language: host?.languages[0] ?? "en",
      },
    },
  ];
}
