import type { SaslCondition } from "#protocol/sasl/sasl-condition.ts";
import { saslFailure } from "../sasl-elements.ts";
import { sasl2Failure } from "../sasl2-elements.ts";
import type { StreamEffect } from "../stream-effect.ts";
import { StreamError } from "../stream-error.ts";
import { type Step, step } from "../step.ts";
import { defaultNegotiationLimits } from "./config.ts";
import { failStream, resumeIfPaused } from "./leaving.ts";
import type { Authenticating, Choosing, ReceivingOrEnding, Upgrading } from "./state.ts";

/** In whose elements a client authenticates: of RFC 6120 §6 or of XEP-0388. */
export type SaslProfile = "sasl" | "sasl2";

export interface Refused {
  readonly profile: SaslProfile;
  readonly mechanism: string;
}

/** What is under way. */
export function attemptOf(state: Authenticating | Upgrading): Refused {
  return { profile: state.inline === undefined ? "sasl" : "sasl2", mechanism: state.mechanism };
}

/** A `<failure/>`, and the end of the stream when there were too many. Nothing asked for inline is done. [xep0388-2.6.2-03] */
export function refuse(
  state: Choosing | Authenticating | Upgrading,
  { profile, mechanism }: Refused,
  condition: SaslCondition,
  text?: string,
): Step<ReceivingOrEnding> {
  const failures = state.facts.saslFailures + 1;
  const choosing: Choosing = {
    role: "receiving",
    phase: "choosing",
    facts: { ...state.facts, saslFailures: failures },
    host: state.host,
    choice: state.choice,
  };
  const element = profile === "sasl" ? saslFailure(condition, text) : sasl2Failure(condition, text);
  const told: readonly StreamEffect[] = [
    // [rfc6120-6.4.5-01]
    { type: "send", element },
    { type: "log", event: { name: "authentication-failed", mechanism, condition, failures } },
  ];
  const { saslFailuresMax } = { ...defaultNegotiationLimits, ...state.facts.config.limits };
  // [rfc6120-6.4.5-02] [rfc6120-6.4.5-05] [rfc6120-13.9.4-05] [rfc3920-6.2-06] [rfc3920-6.2-08]
  if (failures < saslFailuresMax) return step(choosing, ...told, ...resumeIfPaused(state));
  const closed = failStream(choosing, new StreamError("policy-violation", { text: "too many failed authentications" }));
  return step(closed.state, ...told, ...closed.effects, ...resumeIfPaused(state));
}
