import { unreachable } from "#protocol/assert.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { endNow } from "../ending.ts";
import { NS_SASL2 } from "#protocol/xml/namespaces.ts";
import type { SecureChannel } from "../secure-channel.ts";
import { errorOfFault, isStreamError, readStreamError, StreamError } from "../stream-error.ts";
import type { AnswerInput, StreamInput } from "../stream-input.ts";
import { legacyVersion } from "../stream-version.ts";
import { type Step, step } from "../step.ts";
import { receiveBeforeAuthentication, receiveEarlyReply } from "./choosing.ts";
import { receiveClose, receivePeerClose } from "./closing.ts";
import type { ReceivingConfig } from "./config.ts";
import { receiveSmEnabled, receiveSmRefused, receiveWhenBound } from "./established.ts";
import { failStream, failUnreadable } from "./leaving.ts";
import { receiveLegacyAnswer } from "./legacy-auth.ts";
import { receiveHeader } from "./opening.ts";
import {
  receiveBeforeBinding,
  receiveBindFailure,
  receiveBound,
  receiveResumed,
  receiveResumeFailure,
} from "./resource.ts";
import { receiveInlineAnswer, startInlining } from "./inlining.ts";
import { attemptOf, refuse } from "./refusing.ts";
import { receiveAuthorization, receiveCredentials, receiveKey, receiveTokens } from "./sasl.ts";
import type { Authenticating, Opening, ReceivingOrEnding, ReceivingState, Upgrading } from "./state.ts";
import { receiveKept, receiveTaskElement } from "./upgrading.ts";

/** A connection was accepted. `channel` when it is protected from the first byte: direct TLS (XEP-0368), WebSocket. */
export function startReceiving(config: ReceivingConfig, channel?: SecureChannel): Step<Opening> {
  return step(
    {
      role: "receiving",
      phase: "opening",
      facts: {
        config,
        channel,
        host: undefined,
        headerSent: false,
        version: legacyVersion,
        language: undefined,
        from: undefined,
        user: undefined,
        saslFailures: 0,
        legacyFailures: 0,
        bindFailures: 0,
        earlyRequests: 0,
      },
    },
    { type: "startTimer", timer: "negotiation" },
  );
}

/** The receiving role. Every input is legal in every phase; what makes no sense changes nothing. */
export function receiveAsReceiving(state: ReceivingState, input: StreamInput): Step<ReceivingOrEnding> {
  switch (input.type) {
    case "opened":
      // A stream that is open gets no further features. [rfc6120-4.3.5-01] [rfc6120-7.3.2-01]
      if (state.phase === "opening") return receiveHeader(state, input.header, input.context);
      return failStream(state, new StreamError("bad-format", { text: "the stream is open" }));
    case "element":
      return receiveElement(state, input.element);
    case "closed":
      return receivePeerClose(state);
    case "fault":
      return failUnreadable(state, errorOfFault(input.fault));
    case "keepAlive":
      // Nobody earns time with white space (A7).
      return step(state);
    case "secured":
      return state.phase === "securing" ? receiveSecured(state.facts, input.channel) : step(state);
    case "disconnected":
      return endNow("receiving", { type: "disconnected" });
    case "close":
      return receiveClose(state, input.error);
    case "timeout":
      return receiveTimeout(state, input.timer);
    case "credentials":
    case "credentialsKept":
    case "tokens":
    case "tokenIssued":
    case "derived":
    case "authorized":
    case "authenticationFailed":
    case "earlyReply":
    case "bound":
    case "bindFailed":
    case "smEnabled":
    case "smResumed":
    case "smFailed":
      return receiveAnswer(state, input);
    default:
      return unreachable(input);
  }
}

function receiveElement(state: ReceivingState, element: XmlElement): Step<ReceivingOrEnding> {
  if (isStreamError(element) && state.phase !== "securing") return receiveStreamError(state, element);
  switch (state.phase) {
    case "choosing":
      return receiveBeforeAuthentication(state, element);
    case "authenticating":
      return state.waiting.for === "response" ? receiveBeforeAuthentication(state, element) : outOfTurn(state);
    case "upgrading":
      return receiveDuringTask(state, element);
    case "choosingResource":
      return receiveBeforeBinding(state, element);
    case "bound":
      return receiveWhenBound(state, element);
    case "opening":
      return failStream(state, new StreamError("bad-format", { text: "a stream header comes first" }));
    case "securing":
      // Not from under TLS, and too late to be from before it (A21).
      return endNow("receiving", { type: "disconnected" });
    case "askingEarly":
    case "inlining":
    case "legacyAuthenticating":
    case "binding":
    case "resuming":
    case "enablingSm":
      return outOfTurn(state);
    case "finishing":
      return step(state);
    default:
      return unreachable(state);
  }
}

/** Nothing but the task may be spoken about. [xep0388-2.4-02] */
function receiveDuringTask(state: Upgrading, element: XmlElement): Step<ReceivingOrEnding> {
  if (state.waiting.for === "keeping") return outOfTurn(state);
  return element.ns === NS_SASL2
    ? receiveTaskElement(state, element)
    : failStream(state, new StreamError("not-authorized", { text: "a task is under way" }));
}

/** Input was paused, so the transport broke its promise: going on would serve the peer out of order. */
function outOfTurn(state: ReceivingState): Step<ReceivingOrEnding> {
  const failed = failStream(state, new StreamError("internal-server-error"));
  return step(
    failed.state,
    { type: "log", event: { name: "input-while-paused", phase: state.phase } },
    ...failed.effects,
  );
}

/** The peer is through with us, so there is nothing to wait for. */
function receiveStreamError(state: ReceivingState, element: XmlElement): Step<ReceivingOrEnding> {
  // [rfc6120-4.9.1.1-02]
  const closing = state.facts.headerSent ? ([{ type: "sendClose" }] as const) : [];
  return endNow("receiving", { type: "errorReceived", error: readStreamError(element) }, ...closing);
}

/** A new stream over TLS: all that was said in the clear is forgotten, save the host, which must stay the same. */
function receiveSecured(facts: ReceivingState["facts"], channel: SecureChannel): Step<ReceivingOrEnding> {
  return step({
    role: "receiving",
    phase: "opening",
    // [rfc6120-5.4.3.3-03]
    facts: { ...facts, channel, headerSent: false, from: undefined, language: undefined, version: legacyVersion },
  });
}

function receiveTimeout(state: ReceivingState, timer: "negotiation" | "closing"): Step<ReceivingOrEnding> {
  if (timer === "closing")
    return state.phase === "finishing" ? endNow("receiving", { type: "closeTimedOut" }) : step(state);
  if (state.phase === "bound" || state.phase === "enablingSm" || state.phase === "finishing") return step(state);
  // Absolute: whatever the peer was busy with (A7). [rfc6120-4.9.3.14-01]
  return failStream(state, new StreamError("policy-violation", { text: "negotiation took too long" }));
}

/** Answers that nobody waits for any more, or that come twice, change nothing. */
function receiveAnswer(state: ReceivingState, input: AnswerInput): Step<ReceivingOrEnding> {
  switch (state.phase) {
    case "authenticating":
      return receiveSaslAnswer(state, input);
    case "upgrading":
      if (state.waiting.for !== "keeping") return step(state);
      if (input.type === "authenticationFailed") return refuse(state, attemptOf(state), input.condition, input.text);
      return input.type === "credentialsKept" ? receiveKept(state) : step(state);
    case "inlining":
      return receiveInlineAnswer(state, input);
    case "askingEarly":
      return input.type === "earlyReply" ? receiveEarlyReply(state, input.element) : step(state);
    case "legacyAuthenticating":
      return receiveLegacyAnswer(state, input);
    case "binding":
      if (input.type === "bound") return receiveBound(state, input.jid);
      return input.type === "bindFailed" ? receiveBindFailure(state, input.error) : step(state);
    case "resuming":
      if (input.type === "smResumed") return receiveResumed(state, input.jid, input.h);
      return input.type === "smFailed" ? receiveResumeFailure(state, input) : step(state);
    case "enablingSm":
      if (input.type === "smEnabled") return receiveSmEnabled(state, input);
      return input.type === "smFailed" ? receiveSmRefused(state, input) : step(state);
    case "opening":
    case "choosing":
    case "securing":
    case "choosingResource":
    case "bound":
    case "finishing":
      return step(state);
    default:
      return unreachable(state);
  }
}

function receiveSaslAnswer(state: Authenticating, input: AnswerInput): Step<ReceivingOrEnding> {
  const { waiting } = state;
  if (waiting.for === "response") return step(state);
  if (input.type === "authenticationFailed") return refuse(state, attemptOf(state), input.condition, input.text);
  if (waiting.for === "tokens" && input.type === "tokens") return receiveTokens(state, input.found);
  if (waiting.for === "credentials" && input.type === "credentials") return receiveCredentials(state, input.found);
  if (waiting.for === "key" && input.type === "derived") return receiveKey(state, input.key);
  if (waiting.for !== "authorization" || input.type !== "authorized") return step(state);
  const user = { jid: input.user, anonymous: waiting.anonymous };
  return state.inline === undefined
    ? receiveAuthorization(state, waiting.data, user)
    : startInlining(state, waiting.data, user);
}
