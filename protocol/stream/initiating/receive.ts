import { unreachable } from "#protocol/assert.ts";
import { isStanza } from "#protocol/stanza/stanza-kind.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_SM, NS_TLS } from "#protocol/xml/namespaces.ts";
import { endNow } from "../ending.ts";
import type { SecureChannel } from "../secure-channel.ts";
import { readSm } from "../sm/elements.ts";
import { buildStreamError, errorOfFault, isStreamError, readStreamError, StreamError } from "../stream-error.ts";
import type { StreamInput } from "../stream-input.ts";
import { type Step, step } from "../step.ts";
import type { InitiatingConfig } from "./config.ts";
import { closeQuietly, giveUp, giveUpWithError } from "./leaving.ts";
import { receiveFeatures } from "./next-step.ts";
import { receiveServerHeader, sendHeader } from "./opening.ts";
import { receiveBindReply, receiveResumeReply, receiveSessionReply } from "./resource.ts";
import { receiveSaltedPassword, receiveTaskReply } from "./salting.ts";
import { receiveClientKey, receiveProof } from "./sasl.ts";
import type { AwaitingHeader, AwaitingProceed, Connected, InitiatingOrEnding, InitiatingState } from "./state.ts";

/** The transport is there. `channel` when it is protected from the first byte: direct TLS (XEP-0368), WebSocket. */
export function startInitiating(config: InitiatingConfig, channel?: SecureChannel): Step<AwaitingHeader> {
  // [rfc3920-4.1-03]
  const opened = sendHeader({
    config,
    channel,
    authenticated: false,
    language: undefined,
    refused: [],
    notResumed: false,
    address: undefined,
  });
  return step(opened.state, { type: "startTimer", timer: "negotiation" }, ...opened.effects);
}

/** The initiating role. Every input is legal in every phase; what makes no sense changes nothing. */
export function receiveAsInitiating(state: InitiatingState, input: StreamInput): Step<InitiatingOrEnding> {
  switch (input.type) {
    case "opened":
      // [rfc6120-7.3.2-01]
      if (state.phase === "awaitingHeader") return receiveServerHeader(state, input.header, input.context);
      return giveUp(state, { type: "protocol", text: "a second header" });
    case "element":
      return receiveElement(state, input.element);
    case "closed":
      return receivePeerClose(state);
    case "fault": {
      const error = errorOfFault(input.fault);
      if (state.phase === "startingTls") return endNow("initiating", { type: "errorSent", error });
      const told = [{ type: "send", element: buildStreamError(error) }, { type: "sendClose" }] as const;
      return endNow("initiating", { type: "errorSent", error }, ...told);
    }
    case "secured":
      // [rfc6120-5.3.2-01] [rfc6120-5.4.3.3-01] [rfc6120-5.4.3.3-04] [rfc6120-13.4-01]
      return state.phase === "startingTls" ? sendHeader({ ...state.facts, channel: input.channel }) : step(state);
    case "disconnected":
      return endNow("initiating", { type: "disconnected" });
    case "derived":
      if (state.phase === "salting" && state.waitingFor === "key") return receiveSaltedPassword(state, input.key);
      return state.phase === "proving" && state.waitingFor === "key" ? receiveClientKey(state, input.key) : step(state);
    case "close":
      return receiveClose(state, input.error);
    case "timeout":
      return receiveTimeout(state, input.timer);
    case "keepAlive":
    case "credentials":
    case "credentialsKept":
    case "tokens":
    case "tokenIssued":
    case "authorized":
    case "authenticationFailed":
    case "earlyReply":
    case "bound":
    case "bindFailed":
    case "smEnabled":
    case "smResumed":
    case "smFailed":
      return step(state);
    default:
      return unreachable(input);
  }
}

function receiveElement(state: InitiatingState, element: XmlElement): Step<InitiatingOrEnding> {
  // [rfc6120-4.9.1.1-02]
  if (isStreamError(element) && state.phase !== "startingTls")
    return endNow("initiating", { type: "errorReceived", error: readStreamError(element) }, { type: "sendClose" });
  switch (state.phase) {
    case "awaitingHeader":
      return giveUp(state, { type: "protocol", text: "an element before the header" });
    case "awaitingFeatures":
      return receiveFeatures(state, element);
    case "awaitingProceed":
      return receiveProceed(state, element);
    case "startingTls":
      // Not from under TLS (A21).
      return endNow("initiating", { type: "failed", failure: { type: "tlsUnavailable" } });
    case "proving":
      return receiveProof(state, element);
    case "salting":
      return receiveTaskReply(state, element);
    case "awaitingResumed":
      return receiveResumeReply(state, element);
    case "awaitingAddress":
      return receiveBindReply(state, element);
    case "awaitingSession":
      return receiveSessionReply(state, element);
    case "connected":
      return receiveWhenConnected(state, element);
    case "closingConnected":
      return step(state);
    default:
      return unreachable(state);
  }
}

/** RFC 6120 §5.4.2 */
function receiveProceed(state: AwaitingProceed, element: XmlElement): Step<InitiatingOrEnding> {
  if (element.ns !== NS_TLS || element.name !== "proceed") return giveUp(state, { type: "tlsUnavailable" });
  return step(
    { ...state, phase: "startingTls" },
    // What came in the same breath came in the clear, whoever sent it (A21). [rfc6120-5.4.3.3-02]
    { type: "restartInput", rest: "drop" },
    // [rfc6120-5.2-01] [rfc6120-5.4.2.3-03]
    { type: "startTls" },
  );
}

function receiveWhenConnected(state: Connected, element: XmlElement): Step<InitiatingOrEnding> {
  if (element.ns !== NS_SM) return step(state, { type: isStanza(element) ? "stanza" : "nonza", element });
  const reply = readSm(element);
  switch (reply.type) {
    case "enabled":
      if (state.sm !== "asked") return step(state);
      return step(
        { ...state, sm: "enabled" },
        {
          type: "smEnabled",
          id: reply.resume ? reply.id : undefined,
          secondsMax: reply.secondsMax,
          location: reply.location,
        },
      );
    case "failed":
      if (state.sm !== "asked") return step(state);
      return step({ ...state, sm: "off" }, { type: "smFailed", condition: reply.condition, h: undefined });
    case "r":
      return state.sm === "enabled" ? step(state, { type: "ackRequested" }) : step(state);
    case "a":
      return state.sm === "enabled" ? step(state, { type: "ackReceived", h: reply.h }) : step(state);
    case "malformed":
      return giveUpWithError(state, new StreamError("bad-format", { text: `malformed ${reply.name}` }));
    case "enable":
    case "resume":
    case "resumed":
      return step(state);
    default:
      return unreachable(reply);
  }
}

function receivePeerClose(state: InitiatingState): Step<InitiatingOrEnding> {
  if (state.phase === "connected")
    return step(
      { role: "initiating", phase: "closingConnected", facts: state.facts },
      { type: "startTimer", timer: "closing" },
      { type: "peerClosed" },
    );
  if (state.phase === "closingConnected") return step(state);
  const closing = state.phase === "startingTls" ? [] : ([{ type: "sendClose" }] as const);
  return endNow("initiating", { type: "closed" }, ...closing);
}

function receiveClose(state: InitiatingState, error: StreamError | undefined): Step<InitiatingOrEnding> {
  if (state.phase === "closingConnected") return endNow("initiating", { type: "closed" }, { type: "sendClose" });
  if (state.phase === "startingTls") return endNow("initiating", { type: "closed" });
  if (error !== undefined) return giveUpWithError(state, error);
  return closeQuietly(state, { type: "closed" });
}

function receiveTimeout(state: InitiatingState, timer: "negotiation" | "closing"): Step<InitiatingOrEnding> {
  if (timer === "closing")
    return state.phase === "closingConnected" ? endNow("initiating", { type: "closeTimedOut" }) : step(state);
  if (state.phase === "connected" || state.phase === "closingConnected") return step(state);
  // It has not answered what we sent. [rfc6120-4.9.3.4-01]
  return giveUpWithError(state, new StreamError("connection-timeout"));
}
