import { unreachable } from "#protocol/assert.ts";
import type { SaslClientOutput } from "#protocol/sasl/client-exchange.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { readSaslReply, saslAbort, saslAuth, saslResponse } from "../sasl-elements.ts";
import type { StreamEffect } from "../stream-effect.ts";
import { type Step, step } from "../step.ts";
import { clientSaslAttemptsMax, type SaslAnnouncement } from "./config.ts";
import { breakOff, giveUp } from "./leaving.ts";
import { sendHeader } from "./opening.ts";
import type { InitiatingFacts, InitiatingOrEnding, InitiatingState, Proving } from "./state.ts";

/** Begins with the best mechanism that is left. [rfc6120-6.3.3-03] [rfc6120-6.4.5-03] */
export function authenticate(
  state: InitiatingState,
  facts: InitiatingFacts,
  offered: Pick<SaslAnnouncement, "mechanisms" | "bindingTypes">,
): Step<InitiatingOrEnding> {
  const announcement: SaslAnnouncement = { ...offered, channel: facts.channel, refused: facts.refused };
  const attempt = facts.refused.length < clientSaslAttemptsMax ? facts.config.sasl.choose(announcement) : undefined;
  // [rfc6120-6.4.5-04]
  if (attempt === undefined) return giveUp(state, failureOf(facts, offered.mechanisms));
  const proving: Proving = { role: "initiating", phase: "proving", facts, announcement, attempt, waitingFor: "server" };
  const first = attempt.exchange.start();
  // Only the first message travels in <auth/>. [rfc6120-6.3.10-01] [rfc6120-6.4.2-01]
  if (first.type === "response")
    return step(proving, { type: "send", element: saslAuth(attempt.mechanism, first.data) });
  return proceed(proving, first);
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

/** A challenge, the end, or a refusal. RFC 6120 §6.4.3–6.4.6 */
export function receiveSaslReply(state: Proving, element: XmlElement): Step<InitiatingOrEnding> {
  const reply = readSaslReply(element);
  const { exchange, mechanism } = state.attempt;
  switch (reply.type) {
    case "challenge":
      return proceed(state, exchange.challenge(reply.data));
    case "success":
      return proceed(state, exchange.success(reply.data));
    case "failure": {
      const refused = [...state.facts.refused, { mechanism, condition: reply.condition, text: reply.text }];
      return authenticate(state, { ...state.facts, refused }, state.announcement);
    }
    case "broken":
      return breakOff({ type: "protocol", text: reply.text }, { type: "send", element: saslAbort() });
    default:
      return unreachable(reply);
  }
}

/** To derive. */
export function receiveClientKey(state: Proving, key: Uint8Array): Step<InitiatingOrEnding> {
  return proceed(state, state.attempt.exchange.derived(key));
}

function proceed(state: Proving, output: SaslClientOutput): Step<InitiatingOrEnding> {
  const wasPaused = state.waitingFor === "key";
  const resume: readonly StreamEffect[] = wasPaused ? [{ type: "resumeInput" }] : [];
  switch (output.type) {
    case "response": {
      // [rfc6120-6.4.3-02]
      const element = saslResponse(output.data ?? new Uint8Array());
      return step({ ...state, waitingFor: "server" }, { type: "send", element }, ...resume);
    }
    case "derive":
      return step({ ...state, waitingFor: "key" }, ...(wasPaused ? [] : ([{ type: "pauseInput" }] as const)), output);
    case "authenticated": {
      // [rfc6120-4.3.3-01] [rfc6120-6.3.2-01] [rfc6120-6.4.6-04]
      const opened = sendHeader({ ...state.facts, authenticated: true }); // [rfc3920-7-03]
      return step(opened.state, { type: "restartInput", rest: "keep" }, ...opened.effects, ...resume);
    }
    case "refused": {
      const { mechanism } = state.attempt;
      const failure =
        output.reason === "bad-credentials" || output.reason === "rejected"
          ? ({ type: "authenticationFailed", mechanism, condition: output.reason, text: output.text } as const)
          : ({ type: "serverNotAuthentic", mechanism, text: output.text } as const);
      // Another mechanism would show a liar more than this one did (A31).
      return breakOff(failure, { type: "send", element: saslAbort() });
    }
    default:
      return unreachable(output);
  }
}
