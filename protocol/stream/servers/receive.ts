import { assert, unreachable } from "#protocol/assert.ts";
import { receiveWhenEnding } from "../ending.ts";
import type { SecureChannel } from "../secure-channel.ts";
import { StreamError, errorOfFault, isStreamError, readStreamError } from "../stream-error.ts";
import type { StreamEnd } from "../stream-end.ts";
import type { StreamTimer } from "../stream-input.ts";
import { legacyVersion } from "../stream-version.ts";
import { receiveFurtherCheck } from "./dialback.ts";
import { isReady, receiveOrder } from "./dialback-answers.ts";
import { receiveKeyVerified, servedHost } from "./dialback-requests.ts";
import { checkTarget, receiveFromTarget, receiveTargetHeader, receiveTargetVerdict, sendHeader } from "./initiating.ts";
import { close, endNow, failStream, failUnreadable, giveUp, isHandshaking, isOpenForStanzas } from "./leaving.ts";
import { receiveSmAnswer } from "./management.ts";
import { noPairs } from "./pair-table.ts";
import { verdictOf } from "./peer-verdict.ts";
import { receiveFromConnected, receiveSecured } from "./receiving.ts";
import { announce, receiveHeader } from "./receiving-header.ts";
import type { ServerErrand, ServerSide } from "./server-config.ts";
import type { ServerAnswer, ServerInput } from "./server-input.ts";
import {
  type OpenServerStream,
  type ServerFacts,
  type ServerInitiatingState,
  type ServerReceivingState,
  type ServerStreamState,
  noOffer,
} from "./server-state.ts";
import { type ServerStep, serverStep } from "./server-step.ts";

/** A server has connected to us. `channel` when it is protected from the first byte: direct TLS (XEP-0368). */
export function startReceivingServer(side: ServerSide, channel?: SecureChannel): ServerStep<ServerReceivingState> {
  const facts = factsOf(side, channel);
  return serverStep({ role: "receiving", phase: "opening", facts }, { type: "startTimer", timer: "negotiation" });
}

/** We have connected to a server. `channel` when it is protected from the first byte: direct TLS (XEP-0368). */
export function startInitiatingServer(
  side: ServerSide,
  errand: ServerErrand,
  channel?: SecureChannel,
): ServerStep<ServerInitiatingState> {
  const host = servedHost(side, errand.local);
  assert(host !== undefined, "the host is one of ours");
  const facts: ServerFacts = { ...factsOf(side, channel), host, remote: errand.remote };
  const begun: ServerInitiatingState = { role: "initiating", phase: "awaitingHeader", facts, errand };
  const first = channel === undefined ? sendHeader(begun) : checkTarget(begun, channel);
  return serverStep(first.state, { type: "startTimer", timer: "negotiation" }, ...first.effects);
}

function factsOf(side: ServerSide, channel: SecureChannel | undefined): ServerFacts {
  return {
    side,
    channel,
    host: undefined,
    remote: undefined,
    verdict: undefined,
    id: "",
    headerSent: false,
    version: legacyVersion,
    language: undefined,
    offer: noOffer,
    external: false,
    pairs: noPairs,
    bidirectional: false,
    sm: "unasked",
    resuming: undefined,
    saslFailures: 0,
    consulted: false,
  };
}

/** Whether stanzas that the reader finds go straight to the owner, who looks at each whether its pair is authorized (A35). */
export function isServerStreamEstablished({ phase }: ServerStreamState): boolean {
  return phase === "established";
}

/** Whether white space may be sent to keep the connection alive. */
export function mayKeepServerStreamAlive(state: ServerStreamState): boolean {
  return state.phase !== "closing" && state.phase !== "ended" && isOpenForStanzas(state);
}

/**
 * The machine of streams between servers, of both roles: what follows from an input, and what is to be done about it. It
 * never throws and never waits. Every input is legal in every phase; what makes no sense changes nothing.
 *
 * The effects of one step are to be carried out in order, before the next input is given.
 */
export function receiveBetweenServers(state: ServerStreamState, input: ServerInput): ServerStep<ServerStreamState> {
  if (state.phase === "closing" || state.phase === "ended") {
    if (input.type === "peerChecked" || input.type === "keyVerified" || input.type === "smResumed")
      return serverStep(state);
    if (input.type === "authorizePair" || input.type === "verify") return serverStep(state);
    return receiveWhenEnding(state, input);
  }
  switch (input.type) {
    case "opened":
      return receiveOpened(state, input);
    case "element":
      // [rfc6120-4.9.1.1-02]
      if (isStreamError(input.element) && !isHandshaking(state))
        return endNow(
          state,
          endOr(state, { type: "errorReceived", error: readStreamError(input.element) }),
          ...(state.facts.headerSent ? ([{ type: "sendClose" }] as const) : []),
        );
      return state.role === "receiving"
        ? receiveFromConnected(state, input.element)
        : receiveFromTarget(state, input.element);
    case "closed":
      return receivePeerClose(state);
    case "fault":
      return failUnreadable(state, errorOfFault(input.fault));
    case "keepAlive":
      // Nobody earns time with white space (A7).
      return serverStep(state);
    case "secured":
      if (state.phase === "securing") return receiveSecured(state, input.channel);
      return state.phase === "startingTls" ? checkTarget(state, input.channel) : serverStep(state);
    case "disconnected":
      return endNow(state, endOr(state, { type: "disconnected" }));
    case "close":
      return receiveClose(state, input.error);
    case "timeout":
      return receiveTimeout(state, input.timer);
    case "peerChecked":
      return receivePeerChecked(state, input);
    case "keyVerified":
      return isReady(state) ? receiveKeyVerified(state, input) : serverStep(state);
    case "smEnabled":
    case "smResumed":
    case "smFailed":
      return state.phase === "enablingSm" || state.phase === "resumingSm"
        ? receiveSmAnswer(state, input)
        : serverStep(state);
    case "authorizePair":
    case "verify":
      return receiveOrder(state, input);
    default:
      return unreachable(input);
  }
}

/** However a server ends the stream that has no TLS and was asked for it, that is why. */
function endOr(state: OpenServerStream, end: StreamEnd): StreamEnd {
  if (state.phase !== "awaitingProceed" || state.facts.offer.starttls !== "none") return end;
  return { type: "failed", failure: { type: "tlsUnavailable" } };
}

function receiveOpened(
  state: OpenServerStream,
  { context, header }: ServerInput & { readonly type: "opened" },
): ServerStep<ServerStreamState> {
  if (state.phase === "opening") return receiveHeader(state, header, context);
  if (state.phase === "awaitingHeader") return receiveTargetHeader(state, header, context);
  // Not from under TLS, whatever it is (A21): there is nobody to tell.
  if (state.phase === "securing") return endNow(state, { type: "disconnected" });
  if (state.phase === "startingTls") return endNow(state, { type: "failed", failure: { type: "tlsUnavailable" } });
  // A stream that is open gets no further features. [rfc6120-4.3.5-01]
  return failStream(state, new StreamError("bad-format", { text: "the stream is open" }));
}

/** To checkPeer: of the stream itself, for which everything waits, or of a further domain. */
function receivePeerChecked(
  state: OpenServerStream,
  answer: ServerAnswer & { readonly type: "peerChecked" },
): ServerStep<ServerStreamState> {
  if (state.phase !== "checkingPeer") return isReady(state) ? receiveFurtherCheck(state, answer) : serverStep(state);
  const { host, remote } = state.facts;
  if (host === undefined || answer.remote !== remote || answer.local !== host.domain) return serverStep(state);
  const verdict = verdictOf(answer);
  if (state.role === "initiating") return receiveTargetVerdict(state, verdict);
  const announced = announce({ ...state, phase: "negotiating", facts: { ...state.facts, verdict } }, host);
  return serverStep(announced.state, ...announced.effects, { type: "resumeInput" });
}

/** RFC 6120 §4.4 */
function receivePeerClose(state: OpenServerStream): ServerStep<ServerStreamState> {
  if (state.phase === "finishing") return serverStep(state);
  if (isHandshaking(state)) return endNow(state, { type: "disconnected" });
  if (isOpenForStanzas(state))
    // The owner has stanzas under way, and an ack to give before the closing tag (S7).
    return serverStep<ServerStreamState>(
      { ...state, phase: "finishing" },
      { type: "startTimer", timer: "closing" },
      { type: "peerClosed" },
    );
  if (!state.facts.headerSent && state.role === "receiving")
    return failStream(state, new StreamError("bad-format", { text: "a stream header comes first" }));
  return endNow(
    state,
    endOr(state, { type: "closed" }),
    ...(state.facts.headerSent ? ([{ type: "sendClose" }] as const) : []),
  );
}

/** The owner wants the stream closed: in peace, or with an error. RFC 6120 §4.4, §4.9.1.1 */
function receiveClose(state: OpenServerStream, error: StreamError | undefined): ServerStep<ServerStreamState> {
  if (state.phase === "finishing") return endNow(state, { type: "closed" }, { type: "sendClose" });
  if (error !== undefined) return failStream(state, error);
  // Nothing was opened, so there is nothing to close but the transport.
  if (isHandshaking(state) || !state.facts.headerSent) return endNow(state, { type: "closed" });
  return close(state, { type: "closed" });
}

/** Whether the stream has served for nothing but keys, and nothing is under way on it. */
function hasVerifiedOnly(state: OpenServerStream): boolean {
  const { consulted, pairs } = state.facts;
  if (state.phase !== "negotiating" || pairs.incoming.size + pairs.outgoing.size + pairs.verifications.size > 0)
    return false;
  return state.role === "receiving" ? consulted : !state.errand.authorize;
}

function receiveTimeout(state: OpenServerStream, timer: StreamTimer): ServerStep<ServerStreamState> {
  if (timer === "closing")
    return state.phase === "finishing" ? endNow(state, { type: "closeTimedOut" }) : serverStep(state);
  if (isOpenForStanzas(state) || state.phase === "finishing") return serverStep(state);
  // What it was there for is done.
  if (hasVerifiedOnly(state)) return close(state, { type: "closed" });
  // Absolute: whatever the peer was busy with (A7). [rfc6120-4.9.3.4-01] [rfc6120-4.9.3.14-01]
  return state.role === "receiving"
    ? failStream(state, new StreamError("policy-violation", { text: "negotiation took too long" }))
    : state.facts.headerSent
      ? failStream(state, new StreamError("connection-timeout"))
      : giveUp(state, { type: "protocol", text: "negotiation took too long" });
}
