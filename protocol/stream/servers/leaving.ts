import { NS_SERVER } from "#protocol/xml/namespaces.ts";
import { closingEffects, endEffects } from "../ending.ts";
import type { StreamEnd, NegotiationFailure } from "../stream-end.ts";
import { buildStreamError, type StreamError } from "../stream-error.ts";
import { formatVersion, ourVersion } from "../stream-version.ts";
import type { ServerEffect } from "./server-effect.ts";
import type { OpenServerStream, ServerStreamState } from "./server-state.ts";
import { type ServerStep, serverStep } from "./server-step.ts";

/**
 * Sends an error and closes; the peer is given the time of the closing timer to close too. An error before our header
 * is preceded by one [rfc6120-4.9.1.2-01]; during a TLS handshake there is no way to say anything.
 */
export function failStream(
  state: OpenServerStream,
  error: StreamError,
  ...before: readonly ServerEffect[]
): ServerStep<ServerStreamState> {
  const end: StreamEnd = { type: "errorSent", error };
  if (isHandshaking(state)) return endNow(state, end);
  // [rfc6120-4.9-02] [rfc6120-4.9.1.1-01]
  return close(state, end, ...before, ...headerIfMissing(state), { type: "send", element: buildStreamError(error) });
}

/** As failStream, but nothing more can be read from the peer, so there is nothing to wait for. */
export function failUnreadable(state: OpenServerStream, error: StreamError): ServerStep<ServerStreamState> {
  const end: StreamEnd = { type: "errorSent", error };
  if (isHandshaking(state)) return endNow(state, end);
  return endNow(
    state,
    end,
    ...headerIfMissing(state),
    { type: "send", element: buildStreamError(error) },
    { type: "sendClose" },
  );
}

/** We cannot or will not go on: closes without an error, for the peer did nothing wrong. */
export function giveUp(
  state: OpenServerStream,
  failure: NegotiationFailure,
  ...before: readonly ServerEffect[]
): ServerStep<ServerStreamState> {
  const end: StreamEnd = { type: "failed", failure };
  return isHandshaking(state) || !state.facts.headerSent ? endNow(state, end, ...before) : close(state, end, ...before);
}

/** Closes, and reports `end` when the peer has closed too. */
export function close(
  state: OpenServerStream,
  end: StreamEnd,
  ...before: readonly ServerEffect[]
): ServerStep<ServerStreamState> {
  const listening = end.type === "closed" && isOpenForStanzas(state);
  return serverStep<ServerStreamState>(
    { role: state.role, phase: "closing", end, listening },
    ...before,
    ...closingEffects,
    ...(isPaused(state) ? ([{ type: "resumeInput" }] as const) : []),
  );
}

/** The transport is to be closed behind what was sent. */
export function endNow(
  { role }: OpenServerStream,
  end: StreamEnd,
  ...before: readonly ServerEffect[]
): ServerStep<ServerStreamState> {
  return serverStep<ServerStreamState>({ role, phase: "ended" }, ...before, ...endEffects(end));
}

/** Not a byte of XML in either direction. [rfc6120-5.4.3.1-02] [rfc6120-5.4.3.2-02] */
export function isHandshaking({ phase }: OpenServerStream): boolean {
  return phase === "securing" || phase === "startingTls";
}

/** Whether a question is open that input waits for. */
export function isPaused({ phase }: OpenServerStream): boolean {
  return phase === "checkingPeer" || phase === "enablingSm" || phase === "resumingSm";
}

/** Whether a pair is authorized, and negotiation over. */
export function isOpenForStanzas({ phase }: OpenServerStream): boolean {
  return phase === "established" || phase === "enablingSm" || phase === "resumingSm";
}

/** The header for an error that comes before ours: we do not know who asks for whom. [rfc6120-4.9.1.3-01] */
function headerIfMissing({ facts, role }: OpenServerStream): readonly ServerEffect[] {
  const { headerSent, host, side } = facts;
  if (headerSent) return [];
  return [
    {
      type: "sendHeader",
      header: {
        contentNamespace: NS_SERVER,
        from: host?.domain ?? side.defaultDomain,
        // Only the receiving side gives one. [rfc6120-4.7.3-03]
        id: role === "receiving" ? side.newStreamId() : undefined,
        version: formatVersion(ourVersion),
        language: host?.languages[0] ?? "en",
        dialback: true,
      },
    },
  ];
}
