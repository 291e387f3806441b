import { unreachable } from "#protocol/assert.ts";
import { bareOf, domainOf, parseJid, type BareJid } from "#protocol/jid/jid.ts";
import type { SaslCondition } from "#protocol/sasl/sasl-condition.ts";
import type { CredentialRenewal, SaslOutput, SaslSuccess } from "#protocol/sasl/server-exchange.ts";
import { startServerMechanism } from "#protocol/sasl/start-server-mechanism.ts";
import type { StoredCredentials } from "#protocol/sasl/stored-credentials.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { readSaslRequest, saslChallenge, saslFailure, saslSuccess } from "../sasl-elements.ts";
import type { StreamEffect } from "../stream-effect.ts";
import { StreamError } from "../stream-error.ts";
import { type Step, step } from "../step.ts";
import { defaultNegotiationLimits, type StreamUser } from "./config.ts";
import { failStream, isPaused, resumeIfPaused } from "./leaving.ts";
import { accountOf, contextOf, refusalOf } from "./mechanisms.ts";
import type { Authenticating, Choosing, ReceivingOrEnding, SaslWaiting } from "./state.ts";

/** An element in the SASL namespace, before authentication. RFC 6120 §6.4 */
export function receiveSasl(state: Choosing | Authenticating, element: XmlElement): Step<ReceivingOrEnding> {
  const request = readSaslRequest(element);
  switch (request.type) {
    case "auth":
      // A new <auth/> discards an exchange under way. [rfc6120-6.4.2-01] [rfc6120-6.4.2-03]
      return start(state, request.mechanism, request.initial);
    case "response":
      // RFC 6120 §6.5.8
      if (state.phase !== "authenticating") return refuse(state, "none", "malformed-request");
      return proceed(state, state.exchange.respond(request.data));
    case "abort":
      // Answered like a failure, and counted like one. [rfc6120-6.4.4-01]
      return refuse(state, mechanismOf(state), "aborted");
    case "broken":
      return refuse(state, mechanismOf(state), request.condition);
    default:
      return unreachable(request);
  }
}

function mechanismOf(state: Choosing | Authenticating): string {
  return state.phase === "authenticating" ? state.mechanism : "none";
}

function start(
  state: Choosing | Authenticating,
  mechanism: string,
  initial: Uint8Array | undefined,
): Step<ReceivingOrEnding> {
  const { choice, facts, host } = state;
  // Only what was announced on this stream exists (A23), so nothing can be used before the TLS that it is due after (A22).
  if (!choice.mechanisms.includes(mechanism))
    return refuse(state, mechanism, refusalOf(mechanism, host, facts.channel));
  const exchange = startServerMechanism(mechanism, contextOf(facts, host, choice.mechanisms));
  const begun: Authenticating = {
    role: "receiving",
    phase: "authenticating",
    facts,
    host,
    choice,
    mechanism,
    exchange,
    waiting: { for: "response" },
  };
  return proceed(begun, exchange.respond(initial));
}

/** To lookupCredentials. */
export function receiveCredentials(
  state: Authenticating,
  found: StoredCredentials | undefined,
): Step<ReceivingOrEnding> {
  return proceed(state, state.exchange.credentials(found));
}

/** To derive. */
export function receiveKey(state: Authenticating, key: Uint8Array): Step<ReceivingOrEnding> {
  return proceed(state, state.exchange.derived(key));
}

/** To authorize: the stream restarts, and is theirs. */
export function receiveAuthorization(
  state: Authenticating,
  data: Uint8Array | undefined,
  user: StreamUser,
): Step<ReceivingOrEnding> {
  const facts = { ...state.facts, user, headerSent: false };
  return step(
    { role: "receiving", phase: "opening", facts },
    // [rfc6120-6.4.6-02]
    { type: "send", element: saslSuccess(data) },
    // What follows is already the new stream: keep it. [rfc6120-4.3.3-01] [rfc6120-6.3.2-01]
    { type: "restartInput", rest: "keep" },
    { type: "resumeInput" },
  );
}

/** A `<failure/>`, and the end of the stream when there were too many. */
export function refuse(
  state: Choosing | Authenticating,
  mechanism: string,
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
  const told: readonly StreamEffect[] = [
    // [rfc6120-6.4.5-01]
    { type: "send", element: saslFailure(condition, text) },
    { type: "log", event: { name: "authentication-failed", mechanism, condition, failures } },
  ];
  const { saslFailuresMax } = { ...defaultNegotiationLimits, ...state.facts.config.limits };
  // [rfc6120-6.4.5-02] [rfc6120-6.4.5-05] [rfc6120-13.9.4-05] [rfc3920-6.2-06] [rfc3920-6.2-08]
  if (failures < saslFailuresMax) return step(choosing, ...told, ...resumeIfPaused(state));
  const closed = failStream(choosing, new StreamError("policy-violation", { text: "too many failed authentications" }));
  return step(closed.state, ...told, ...closed.effects, ...resumeIfPaused(state));
}

function proceed(state: Authenticating, output: SaslOutput): Step<ReceivingOrEnding> {
  switch (output.type) {
    case "challenge":
      // [rfc6120-6.4.3-01]
      return wait(state, { for: "response" }, { type: "send", element: saslChallenge(output.data) });
    case "failure":
      return refuse(state, state.mechanism, output.condition, output.text);
    case "lookup":
      return wait(state, { for: "credentials" }, { type: "lookupCredentials", username: output.username });
    case "derive":
      return wait(state, { for: "key" }, output);
    case "success":
      return authorize(state, output);
    default:
      return unreachable(output);
  }
}

/** The mechanism is content: now who they are and whom they want to be must be one (A24). */
function authorize(state: Authenticating, { data, identity, renewal }: SaslSuccess): Step<ReceivingOrEnding> {
  const { facts, host, mechanism } = state;
  const { anonymous, authcid, authzid } = identity;
  const other = authzid === undefined ? undefined : parseJid(authzid);
  // The exchange has asked whether they may be someone else; an address elsewhere would not be ours to give.
  if (other !== undefined && domainOf(other) !== host.domain) return refuse(state, mechanism, "invalid-authzid");
  // [rfc6120-4.3.6-03]
  // [rfc3920-3.5-03]
  const user = other === undefined ? accountOf(host, authcid) : bareOf(other);
  if (user === undefined) return refuse(state, mechanism, "not-authorized");
  // The same for who came with a certificate. [rfc6120-6.4.6-01] [rfc6120-13.7.2-04] [rfc6120-13.7.2-05]
  if (!anonymous && facts.channel !== undefined && facts.from !== undefined && facts.from !== user)
    return failStream(state, new StreamError("invalid-from"));
  const waiting: SaslWaiting = { for: "authorization", data, anonymous };
  return wait(state, waiting, ...renewed(accountOf(host, authcid), renewal), {
    type: "authorize",
    mechanism,
    user,
    anonymous,
  });
}

/** The keys are those of who has proven something, whoever they act for. */
export function renewed(user: BareJid | undefined, renewal: CredentialRenewal | undefined): readonly StreamEffect[] {
  return user === undefined || renewal === undefined ? [] : [{ type: "renewCredentials", user, renewal }];
}

/** Input stops while someone other than the peer has to answer, so that a client which sends ahead is served in order. */
function wait(
  state: Authenticating,
  waiting: SaslWaiting,
  ...effects: readonly StreamEffect[]
): Step<ReceivingOrEnding> {
  const next: Authenticating = { ...state, waiting };
  const before = isPaused(state);
  const after = isPaused(next);
  return step(
    next,
    ...(after && !before ? ([{ type: "pauseInput" }] as const) : []),
    ...effects,
    ...(before && !after ? ([{ type: "resumeInput" }] as const) : []),
  );
}
