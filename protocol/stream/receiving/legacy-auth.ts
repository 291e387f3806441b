import { unreachable } from "#protocol/assert.ts";
import type { FullJid } from "#protocol/jid/jid.ts";
import type { SaslCondition } from "#protocol/sasl/sasl-condition.ts";
import type { SaslOutput, SaslSuccess } from "#protocol/sasl/server-exchange.ts";
import { startServerMechanism } from "#protocol/sasl/start-server-mechanism.ts";
import { encodeUtf8 } from "#protocol/sasl/utf8.ts";
import { readIq, resultOf } from "#protocol/stanza/iq.ts";
import { asPasswordError } from "#protocol/stanza/password-error.ts";
import { errorReply, StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { LegacyAuth, legacyAuthFields } from "../legacy-auth-elements.ts";
import type { SecureChannel } from "../secure-channel.ts";
import type { StreamEffect } from "../stream-effect.ts";
import { StreamError } from "../stream-error.ts";
import type { AnswerInput } from "../stream-input.ts";
import { type Step, step } from "../step.ts";
import { defaultNegotiationLimits, type StreamHost, type StreamUser } from "./config.ts";
import { failStream } from "./leaving.ts";
import { accountOf, contextOf, offeredMechanisms } from "./mechanisms.ts";
import { renewed } from "./authorizing.ts";
import type { Bound, Choosing, LegacyAuthenticating, LegacyWaiting, ReceivingOrEnding } from "./state.ts";

/** The mechanism that checks the password, and without which there is no such log-in. */
const mechanism = "PLAIN";

/**
 * Whether clients may log in as before SASL. The password travels as it is, so it takes TLS, and a policy that allows
 * PLAIN: nothing gets weaker by it than it is. [xep0078-7-04]
 */
export function offersLegacyAuth(host: StreamHost, channel: SecureChannel | undefined): boolean {
  return host.acceptsLegacyPeers && channel !== undefined && offeredMechanisms(host, channel).includes(mechanism);
}

export function isLegacyAuth(iq: XmlElement): boolean {
  return LegacyAuth.is(iq.firstElement);
}

/** A request of XEP-0078 §3.1: which fields there are, or the fields filled in. */
export function receiveLegacyAuth(state: Choosing, request: XmlElement): Step<ReceivingOrEnding> {
  // Who failed by SASL does not get another way to guess. [xep0078-3.1-05] [xep0078-7-02]
  if (state.facts.saslFailures > 0)
    return failStream(state, new StreamError("policy-violation", { text: "the log-in by SASL has failed" }));
  try {
    const iq = readIq(request);
    if (iq.type === "get") return tellFields(state, request);
    if (iq.type !== "set") throw new StanzaError("bad-request");
    return start(state, request, iq.payload);
  } catch (error) {
    const refused = asPasswordError(error);
    if (refused instanceof StanzaError) return refuse(state, request, refused);
    throw error;
  }
}

/** The same for every username, so that nobody learns which there are. [xep0078-3.1-03] [xep0078-3.1-07] */
function tellFields(state: Choosing, request: XmlElement): Step<ReceivingOrEnding> {
  const { facts } = state;
  const earlyRequests = facts.earlyRequests + 1;
  if (earlyRequests > (facts.config.limits?.earlyRequestsMax ?? defaultNegotiationLimits.earlyRequestsMax))
    return failStream(state, new StreamError("policy-violation", { text: "too many requests" }));
  const asked: Choosing = { ...state, facts: { ...facts, earlyRequests } };
  return step(asked, { type: "send", element: resultOf(request, legacyAuthFields()) });
}

/** @throws StanzaError, ShapeError when something is missing */
function start(state: Choosing, request: XmlElement, payload: XmlElement): Step<ReceivingOrEnding> {
  const { username = "", password = "", resource = "" } = LegacyAuth.parse(payload);
  // [xep0078-3.1-08]
  if (username === "" || password === "" || resource === "")
    throw new StanzaError("not-acceptable", { text: "username, password and resource are needed" });
  const { choice, facts, host } = state;
  const exchange = startServerMechanism(mechanism, contextOf(facts, host, [mechanism]));
  const begun: LegacyAuthenticating = {
    role: "receiving",
    phase: "legacyAuthenticating",
    facts,
    host,
    choice,
    request,
    resource,
    exchange,
    waiting: { for: "credentials" },
  };
  const next = proceed(begun, exchange.respond(encodeUtf8(`\0${username}\0${password}`)));
  return step(next.state, { type: "pauseInput" }, ...next.effects);
}

/** To lookupCredentials, derive, authorize and bindResource. */
export function receiveLegacyAnswer(state: LegacyAuthenticating, input: AnswerInput): Step<ReceivingOrEnding> {
  const { exchange, waiting } = state;
  if (waiting.for === "resource") {
    if (input.type === "bound") return establish(state, waiting.user, input.jid);
    return input.type === "bindFailed" ? reject(state, input.error) : step(state);
  }
  if (input.type === "authenticationFailed") return fail(state, input.condition);
  if (waiting.for === "credentials" && input.type === "credentials")
    return proceed(state, exchange.credentials(input.found));
  if (waiting.for === "key" && input.type === "derived") return proceed(state, exchange.derived(input.key));
  if (waiting.for === "authorization" && input.type === "authorized") {
    const user: StreamUser = { jid: input.user, anonymous: false };
    return wait(state, { for: "resource", user }, { type: "bindResource", user: user.jid, requested: state.resource });
  }
  return step(state);
}

function proceed(state: LegacyAuthenticating, output: SaslOutput): Step<ReceivingOrEnding> {
  switch (output.type) {
    case "lookup":
      return wait(state, { for: "credentials" }, { type: "lookupCredentials", username: output.username });
    case "derive":
      return wait(state, { for: "key" }, output);
    case "success":
      return authorize(state, output);
    case "failure":
      return fail(state, output.condition);
    case "challenge":
    case "lookupToken":
      return fail(state, "not-authorized"); // PLAIN has none
    default:
      return unreachable(output);
  }
}

function authorize(state: LegacyAuthenticating, { identity, renewal }: SaslSuccess): Step<ReceivingOrEnding> {
  const { facts, host } = state;
  const user = accountOf(host, identity.authcid);
  if (user === undefined) return fail(state, "not-authorized");
  // [rfc6120-6.4.6-01]
  if (facts.from !== undefined && facts.from !== user) return failStream(state, new StreamError("invalid-from"));
  return wait(state, { for: "authorization" }, ...renewed(user, renewal), {
    type: "authorize",
    mechanism: "jabber:iq:auth",
    user,
    anonymous: false,
  });
}

/** Logged in and bound in one. */
function establish(state: LegacyAuthenticating, user: StreamUser, jid: FullJid): Step<ReceivingOrEnding> {
  const facts = { ...state.facts, user };
  const bound: Bound = { role: "receiving", phase: "bound", facts, host: state.host, user, jid, sm: "unasked" };
  return step(
    bound,
    { type: "send", element: resultOf(state.request) },
    { type: "stopTimer", timer: "negotiation" },
    { type: "established", jid, how: "bound", language: facts.language },
    { type: "resumeInput" },
  );
}

/** The credentials were not good; which part of them, nobody is told. */
function fail(state: LegacyAuthenticating, condition: SaslCondition): Step<ReceivingOrEnding> {
  const busy = condition === "temporary-auth-failure";
  const failures = state.facts.legacyFailures + 1;
  const event = { name: "authentication-failed", mechanism: "jabber:iq:auth", condition, failures } as const;
  const error = busy ? new StanzaError("resource-constraint") : new StanzaError("not-authorized");
  return reject(state, error, { type: "log", event });
}

/** Refused after input was paused. */
function reject(state: LegacyAuthenticating, error: StanzaError, ...more: readonly StreamEffect[]) {
  const { choice, facts, host, request } = state;
  const refused = refuse({ role: "receiving", phase: "choosing", facts, host, choice }, request, error);
  return step(refused.state, ...more, ...refused.effects, { type: "resumeInput" } as const);
}

/** They may try again, a bounded number of times. The answer does not repeat the password. [xep0078-3.1-13] */
function refuse(state: Choosing, request: XmlElement, error: StanzaError): Step<ReceivingOrEnding> {
  const failures = state.facts.legacyFailures + 1;
  const next: Choosing = { ...state, facts: { ...state.facts, legacyFailures: failures } };
  const wrapped = asPasswordError(error);
  const reply = errorReply(request, wrapped instanceof StanzaError ? wrapped : error);
  const told: readonly StreamEffect[] = reply === undefined ? [] : [{ type: "send", element: reply }];
  const { saslFailuresMax } = { ...defaultNegotiationLimits, ...state.facts.config.limits };
  if (failures < saslFailuresMax) return step(next, ...told);
  const closed = failStream(next, new StreamError("policy-violation", { text: "too many failed authentications" }));
  return step(closed.state, ...told, ...closed.effects);
}

/** The question is the last effect of its step, and input stays paused until the log-in is over. */
function wait(
  state: LegacyAuthenticating,
  waiting: LegacyWaiting,
  ...effects: readonly StreamEffect[]
): Step<ReceivingOrEnding> {
  return step({ ...state, waiting }, ...effects);
}
