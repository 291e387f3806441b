import { unreachable } from "#protocol/assert.ts";
import type { SaslOutput } from "#protocol/sasl/server-exchange.ts";
import { startServerMechanism } from "#protocol/sasl/start-server-mechanism.ts";
import type { StoredCredentials } from "#protocol/sasl/stored-credentials.ts";
import type { TokenCandidate } from "#protocol/sasl/token-candidate.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { readSaslRequest, saslChallenge, saslSuccess } from "../sasl-elements.ts";
import { type InlineRequest, readSasl2Request, sasl2Challenge } from "../sasl2-elements.ts";
import { StreamError } from "../stream-error.ts";
import { type Step, step } from "../step.ts";
import { authorize } from "./authorizing.ts";
import type { StreamUser } from "./config.ts";
import { failStream, moveOn } from "./leaving.ts";
import { contextOf, refusalOf } from "./mechanisms.ts";
import { attemptOf, refuse, type Refused, type SaslProfile } from "./refusing.ts";
import type { Authenticating, Choosing, ReceivingOrEnding } from "./state.ts";

/** An element in the SASL namespace, before authentication. RFC 6120 §6.4 */
export function receiveSasl(state: Choosing | Authenticating, element: XmlElement): Step<ReceivingOrEnding> {
  if (isBusyWith(state, "sasl2")) return failStream(state, outOfPlace(element));
  const request = readSaslRequest(element);
  switch (request.type) {
    case "auth":
      // A new <auth/> discards an exchange under way. [rfc6120-6.4.2-01] [rfc6120-6.4.2-03]
      return start(state, request.mechanism, request.initial, undefined);
    case "response":
      // RFC 6120 §6.5.8
      if (state.phase !== "authenticating") return refuse(state, idle("sasl"), "malformed-request");
      return proceed(state, state.exchange.respond(request.data));
    case "abort":
      // Answered like a failure, and counted like one. [rfc6120-6.4.4-01]
      return refuse(state, current(state, "sasl"), "aborted");
    case "broken":
      return refuse(state, current(state, "sasl"), request.condition);
    default:
      return unreachable(request);
  }
}

/** The same for SASL2. While it is under way nothing else may come. XEP-0388 §2.3 [xep0388-2.4-01] [xep0388-2.4-02] */
export function receiveSasl2(state: Choosing | Authenticating, element: XmlElement): Step<ReceivingOrEnding> {
  if (state.choice.sasl2 === undefined || isBusyWith(state, "sasl")) return failStream(state, outOfPlace(element));
  const request = readSasl2Request(element);
  switch (request.type) {
    case "authenticate":
      if (state.phase === "authenticating") return failStream(state, outOfPlace(element));
      return start(state, request.mechanism, request.initial, request.inline);
    case "response":
      if (state.phase !== "authenticating") return refuse(state, idle("sasl2"), "malformed-request");
      // [xep0388-2.4-01] [xep0388-2.5-02]
      return proceed(state, state.exchange.respond(request.data));
    case "abort":
      // [xep0388-4.5-01] [xep0388-4.5-02]
      return refuse(state, current(state, "sasl2"), "aborted");
    case "next":
    case "taskData":
      return refuse(state, current(state, "sasl2"), "malformed-request");
    case "broken":
      return refuse(state, current(state, "sasl2"), request.condition);
    default:
      return unreachable(request);
  }
}

function isBusyWith(state: Choosing | Authenticating, profile: SaslProfile): boolean {
  return state.phase === "authenticating" && attemptOf(state).profile === profile;
}

function outOfPlace({ name }: XmlElement): StreamError {
  return new StreamError("not-authorized", { text: `${name} is not possible now` });
}

function current(state: Choosing | Authenticating, profile: SaslProfile): Refused {
  return state.phase === "authenticating" ? attemptOf(state) : idle(profile);
}

function idle(profile: SaslProfile): Refused {
  return { profile, mechanism: "none" };
}

function start(
  state: Choosing | Authenticating,
  mechanism: string,
  initial: Uint8Array | undefined,
  inline: InlineRequest | undefined,
): Step<ReceivingOrEnding> {
  const { choice, facts, host } = state;
  const { bindingTypes, mechanisms } = choice;
  // With a token only what is announced for tokens, and those mechanisms for nothing else. [xep0484-3.4-01]
  const offered = inline?.token === undefined ? mechanisms : (choice.sasl2?.tokenMechanisms ?? []);
  // Only what was announced on this stream exists (A23), so nothing can be used before the TLS that it is due after (A22).
  // [xep0388-2.3-01]
  if (!offered.includes(mechanism)) {
    const profile = inline === undefined ? "sasl" : "sasl2";
    return refuse(state, { profile, mechanism }, refusalOf(mechanism, host, facts.channel));
  }
  // Of the profile in use. FAST has a list of its own, which is no part of it. [xep0474-6.1-02]
  const announced = bindingTypes === undefined ? { mechanisms } : { mechanisms, bindingTypes };
  const device = inline?.userAgent?.id;
  const context = contextOf(facts, host, offered, { announced, ...(device === undefined ? {} : { device }) });
  const exchange = startServerMechanism(mechanism, context);
  const begun: Authenticating = {
    role: "receiving",
    phase: "authenticating",
    facts,
    host,
    choice,
    mechanism,
    exchange,
    inline,
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

/** To lookupTokens. */
export function receiveTokens(state: Authenticating, found: readonly TokenCandidate[]): Step<ReceivingOrEnding> {
  return proceed(state, state.exchange.tokens(found));
}

/** To derive. */
export function receiveKey(state: Authenticating, key: Uint8Array): Step<ReceivingOrEnding> {
  return proceed(state, state.exchange.derived(key));
}

/** To authorize, by the profile of RFC 6120: the stream restarts, and is theirs. */
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

function proceed(state: Authenticating, output: SaslOutput): Step<ReceivingOrEnding> {
  switch (output.type) {
    case "challenge": {
      const element = state.inline === undefined ? saslChallenge(output.data) : sasl2Challenge(output.data);
      // [rfc6120-6.4.3-01] [xep0388-2.4-03] [xep0388-2.5-01]
      return moveOn(state, { ...state, waiting: { for: "response" } }, { type: "send", element });
    }
    case "failure":
      return refuse(state, attemptOf(state), output.condition, output.text);
    case "lookup": {
      const { username } = output;
      return moveOn(state, { ...state, waiting: { for: "credentials" } }, { type: "lookupCredentials", username });
    }
    case "lookupToken": {
      const { device, username } = output;
      return moveOn(state, { ...state, waiting: { for: "tokens" } }, { type: "lookupTokens", username, device });
    }
    case "derive":
      return moveOn(state, { ...state, waiting: { for: "key" } }, output);
    case "success":
      return authorize(state, output);
    default:
      return unreachable(output);
  }
}
