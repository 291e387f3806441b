import { unreachable } from "#protocol/assert.ts";
import type { SaslClientOutput } from "#protocol/sasl/client-exchange.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_SASL, NS_SASL2 } from "#protocol/xml/namespaces.ts";
import { readSaslReply, saslAbort, saslAuth, saslResponse } from "../sasl-elements.ts";
import { readSasl2Reply, sasl2Abort, sasl2Response } from "../sasl2-elements.ts";
import type { StreamEffect } from "../stream-effect.ts";
import { type Step, step } from "../step.ts";
import { clientSaslAttemptsMax, type SaslAnnouncement } from "./config.ts";
import type { ServerFeatures } from "./features.ts";
import { authenticateElement, finishSasl2 } from "./inline.ts";
import { breakOff, giveUp } from "./leaving.ts";
import { sendHeader } from "./opening.ts";
import { startSalting } from "./salting.ts";
import type { InitiatingFacts, InitiatingOrEnding, InitiatingState, Proving } from "./state.ts";

/** Begins with the best mechanism that is left. [rfc6120-6.3.3-03] [rfc6120-6.4.5-03] */
export function authenticate(
  state: InitiatingState,
  facts: InitiatingFacts,
  offered: ServerFeatures,
): Step<InitiatingOrEnding> {
  const announcement = announcementOf(facts, offered);
  const attempt = facts.refused.length < clientSaslAttemptsMax ? facts.config.sasl.choose(announcement) : undefined;
  // [rfc6120-6.4.5-04]
  if (attempt === undefined) return giveUp(state, failureOf(facts, announcement.mechanisms));
  const proving: Proving = {
    role: "initiating",
    phase: "proving",
    facts,
    offered,
    announcement,
    attempt,
    waitingFor: "server",
  };
  const first = attempt.exchange.start();
  if (first.type !== "response") return proceed(proving, first);
  // Only the first message travels in <auth/>. [rfc6120-6.3.10-01] [rfc6120-6.4.2-01]
  const element = isSasl2(proving) ? authenticateElement(proving, first.data) : saslAuth(attempt.mechanism, first.data);
  return step(proving, { type: "send", element });
}

/** By SASL2 where both can, and TLS protects it. [xep0388-3-04] */
function announcementOf(facts: InitiatingFacts, offered: ServerFeatures): SaslAnnouncement {
  const { channel, config, refused } = facts;
  const { bindingTypes, sasl2 } = offered;
  if (config.sasl2 === undefined || sasl2 === undefined || channel === undefined)
    return {
      profile: "sasl",
      mechanisms: offered.mechanisms,
      tokenMechanisms: [],
      bindingTypes,
      channel,
      refused,
    };
  const { mechanisms, tokenMechanisms } = sasl2;
  return { profile: "sasl2", mechanisms, tokenMechanisms, bindingTypes, channel, refused };
}

function isSasl2({ announcement }: Proving): boolean {
  return announcement.profile === "sasl2";
}

function failureOf(facts: InitiatingFacts, offered: readonly string[]) {
  const last = facts.refused.at(-1);
  if (last === undefined) return { type: "noMechanism", offered } as const;
  return {
    type: "authenticationFailed",
    mechanism: last.mechanism,
    condition: last.condition,
    text: last.text,
  } as const;
}

/** An element while an exchange is under way: nothing else may come. */
export function receiveProof(state: Proving, element: XmlElement): Step<InitiatingOrEnding> {
  if (state.waitingFor === "server" && element.ns === (isSasl2(state) ? NS_SASL2 : NS_SASL))
    return isSasl2(state) ? receiveSasl2Reply(state, element) : receiveSaslReply(state, element);
  return giveUp(state, { type: "protocol", text: `${element.name} in the middle of SASL` });
}

/** A challenge, the end, or a refusal. RFC 6120 §6.4.3–6.4.6 */
function receiveSaslReply(state: Proving, element: XmlElement): Step<InitiatingOrEnding> {
  const reply = readSaslReply(element);
  const { exchange } = state.attempt;
  switch (reply.type) {
    case "challenge":
      return proceed(state, exchange.challenge(reply.data));
    case "success":
      return proceed(state, exchange.success(reply.data), restarted(state));
    case "failure":
      return tryNext(state, reply);
    case "broken":
      return breakOff({ type: "protocol", text: reply.text }, { type: "send", element: saslAbort() });
    default:
      return unreachable(reply);
  }
}

/** The same by SASL2, where more may come with success, or before it. XEP-0388 §2.5, §2.6 */
function receiveSasl2Reply(state: Proving, element: XmlElement): Step<InitiatingOrEnding> {
  const reply = readSasl2Reply(element);
  const { exchange } = state.attempt;
  switch (reply.type) {
    case "challenge":
      return proceed(state, exchange.challenge(reply.data));
    case "success":
      return proceed(state, exchange.success(reply.data), () => finishSasl2(state, reply.element));
    case "continue":
      // The server has to have proven itself before anything more is done for it.
      return proceed(state, exchange.success(reply.data), () => startSalting(state, reply.tasks));
    case "failure":
      return tryNext(state, reply);
    case "taskData":
      return giveUp(state, { type: "protocol", text: "a task that nobody began" });
    case "broken":
      return breakOff({ type: "protocol", text: reply.text }, { type: "send", element: sasl2Abort() });
    default:
      return unreachable(reply);
  }
}

/** With another mechanism; who failed with a token goes on with the password. [xep0484-4.1-04] */
function tryNext(
  state: Proving,
  { condition, text }: { readonly condition: string; readonly text: string | undefined },
): Step<InitiatingOrEnding> {
  const refused = [...state.facts.refused, { mechanism: state.attempt.mechanism, condition, text }];
  return authenticate(state, { ...state.facts, refused }, state.offered);
}

/** To derive. */
export function receiveClientKey(state: Proving, key: Uint8Array): Step<InitiatingOrEnding> {
  return proceed(state, state.attempt.exchange.derived(key));
}

/** A new stream, ours. [rfc6120-4.3.3-01] [rfc6120-6.3.2-01] [rfc6120-6.4.6-04] */
function restarted(state: Proving): () => Step<InitiatingOrEnding> {
  return () => {
    const opened = sendHeader({ ...state.facts, authenticated: true }); // [rfc3920-7-03]
    return step(opened.state, { type: "restartInput", rest: "keep" }, ...opened.effects);
  };
}

/** @param believed what follows once the server has proven itself */
function proceed(
  state: Proving,
  output: SaslClientOutput,
  believed?: () => Step<InitiatingOrEnding>,
): Step<InitiatingOrEnding> {
  const wasPaused = state.waitingFor === "key";
  const resume: readonly StreamEffect[] = wasPaused ? [{ type: "resumeInput" }] : [];
  const abort = { type: "send", element: isSasl2(state) ? sasl2Abort() : saslAbort() } as const;
  switch (output.type) {
    case "response": {
      const data = output.data ?? new Uint8Array();
      // [rfc6120-6.4.3-02] [xep0388-2.5-02]
      const element = isSasl2(state) ? sasl2Response(data) : saslResponse(data);
      return step({ ...state, waitingFor: "server" }, { type: "send", element }, ...resume);
    }
    case "derive":
      return step({ ...state, waitingFor: "key" }, ...(wasPaused ? [] : ([{ type: "pauseInput" }] as const)), output);
    case "authenticated":
      // Only what ends the exchange is ever an answer to success.
      return believed?.() ?? breakOff({ type: "protocol", text: "the exchange ended by itself" }, abort);
    case "refused": {
      const { mechanism } = state.attempt;
      const failure =
        output.reason === "bad-credentials" || output.reason === "rejected"
          ? ({ type: "authenticationFailed", mechanism, condition: output.reason, text: output.text } as const)
          : ({ type: "serverNotAuthentic", mechanism, text: output.text } as const);
      // Another mechanism would show a liar more than this one did (A31).
      return breakOff(failure, abort);
    }
    default:
      return unreachable(output);
  }
}
