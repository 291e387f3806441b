import { decodeUtf8 } from "#protocol/sasl/utf8.ts";
import { isDomain, parseJid } from "#protocol/jid/jid.ts";
import type { SaslCondition } from "#protocol/sasl/sasl-condition.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_DIALBACK, NS_SASL, NS_SM, NS_TLS } from "#protocol/xml/namespaces.ts";
import { errorOfUnknown } from "../receiving/unknown.ts";
import { readSaslRequest, saslChallenge, saslFailure, saslSuccess } from "../sasl-elements.ts";
import type { SecureChannel } from "../secure-channel.ts";
import { buildSm } from "../sm/elements.ts";
import { StreamError } from "../stream-error.ts";
import { legacyVersion } from "../stream-version.ts";
import { starttlsFailure, starttlsProceed } from "../tls-elements.ts";
import { isBidiRequest } from "./bidi-elements.ts";
import { receiveDialback } from "./dialback.ts";
import { endNow, failStream } from "./leaving.ts";
import { receiveBidi, receiveWhenEstablished } from "./management.ts";
import { noPairs } from "./pair-table.ts";
import { defaultServerStreamLimits } from "./server-config.ts";
import type { ServerEffect } from "./server-effect.ts";
import { type ServerReceivingState, type ServerStreamState, noOffer } from "./server-state.ts";
import { type ServerStep, serverStep } from "./server-step.ts";

/** An element from a server that has connected to us. */
export function receiveFromConnected(state: ServerReceivingState, element: XmlElement): ServerStep<ServerStreamState> {
  switch (state.phase) {
    case "negotiating":
      return receiveWhenNegotiating(state, element);
    case "authenticating":
      return element.ns === NS_SASL
        ? receiveSasl(state, element)
        : failStream(state, new StreamError("not-authorized", { text: "authentication is under way" }));
    case "established":
      return receiveWhenEstablished(state, element);
    case "opening":
      return failStream(state, new StreamError("bad-format", { text: "a stream header comes first" }));
    case "securing":
      // Not from under TLS, and too late to be from before it (A21).
      return endNow(state, { type: "disconnected" });
    case "finishing":
      return serverStep(state);
    default: {
      // Input was paused, so the transport broke its promise.
      const failed = failStream(state, new StreamError("internal-server-error"));
      const log = { type: "log", event: { name: "input-while-paused", phase: state.phase } } as const;
      return serverStep(failed.state, log, ...failed.effects);
    }
  }
}

function receiveWhenNegotiating(state: ServerReceivingState, element: XmlElement): ServerStep<ServerStreamState> {
  switch (element.ns) {
    case NS_TLS:
      return element.name === "starttls" ? receiveStarttls(state) : failStream(state, errorOfUnknown(element));
    case NS_SASL:
      return receiveSasl(state, element);
    case NS_DIALBACK:
      // Each is answered for itself where TLS is still due. [xep0220-2.5-01]
      return receiveDialback(state, element);
    case NS_SM:
      // [xep0198-3-10]
      return serverStep(state, {
        type: "send",
        element: buildSm({ type: "failed", condition: "unexpected-request" }),
      });
    default:
      // Nothing is taken from who is nobody yet. [xep0220-2.2.1-01]
      return isBidiRequest(element) ? receiveBidi(state) : failStream(state, errorOfUnknown(element));
  }
}

function receiveStarttls(state: ServerReceivingState): ServerStep<ServerStreamState> {
  if (state.facts.offer.starttls === "none")
    // [rfc6120-5.4.2.2-01]
    return endNow(
      state,
      { type: "failed", failure: { type: "tlsUnavailable" } },
      { type: "send", element: starttlsFailure() },
      { type: "sendClose" },
    );
  return serverStep(
    { ...state, phase: "securing" },
    { type: "send", element: starttlsProceed() },
    // What came in the same breath came in the clear, whoever sent it (A21). [rfc6120-5.4.3.3-02]
    { type: "restartInput", rest: "drop" },
    { type: "startTls" },
  );
}

/** A new stream over TLS: all that was said in the clear is forgotten, save the host, which must stay the same. */
export function receiveSecured(state: ServerReceivingState, channel: SecureChannel): ServerStep<ServerStreamState> {
  // [rfc6120-5.4.3.3-03] [xep0288-2.1-01]
  const facts = {
    ...state.facts,
    channel,
    headerSent: false,
    remote: undefined,
    language: undefined,
    version: legacyVersion,
    offer: noOffer,
    pairs: noPairs,
    bidirectional: false,
  };
  return serverStep({ ...state, phase: "opening", facts });
}

/** EXTERNAL, and nothing else. RFC 6120 §6, XEP-0178 §3 */
function receiveSasl(state: ServerReceivingState, element: XmlElement): ServerStep<ServerStreamState> {
  const request = readSaslRequest(element);
  const begun = state.phase === "authenticating";
  switch (request.type) {
    case "auth": {
      if (begun) return refuse(state, "EXTERNAL", "malformed-request");
      const { mechanism } = request;
      if (mechanism !== "EXTERNAL" || !state.facts.offer.external) return refuse(state, mechanism, "invalid-mechanism");
      // Without a first message it is asked for. [rfc6120-6.4.2-01]
      if (request.initial === undefined)
        return serverStep(
          // Who begins with this has given up dialback.
          { ...state, phase: "authenticating", facts: { ...state.facts, pairs: noPairs } },
          { type: "send", element: saslChallenge(new Uint8Array()) },
        );
      return proceed(state, request.initial);
    }
    case "response":
      return begun ? proceed(state, request.data) : refuse(state, "EXTERNAL", "malformed-request");
    case "abort":
      return refuse(state, "EXTERNAL", "aborted");
    default:
      return refuse(state, "EXTERNAL", request.condition);
  }
}

function proceed(state: ServerReceivingState, authzid: Uint8Array): ServerStep<ServerStreamState> {
  const { facts } = state;
  const named = decodeUtf8(authzid);
  // Whom the header names, said once more or not at all. [xep0178-3-04] [xep0178-3-06]
  const jid = named === undefined || named === "" ? undefined : parseJid(named);
  const isWrong =
    named === undefined || (named !== "" && (jid === undefined || !isDomain(jid) || jid !== facts.remote));
  if (isWrong) return refuse(state, "EXTERNAL", "invalid-authzid");
  return serverStep(
    // Asked for before, and to hold after. XEP-0288 §2.2
    { ...state, phase: "opening", facts: { ...facts, external: true, headerSent: false, pairs: noPairs } },
    { type: "send", element: saslSuccess(undefined) },
    // What follows is already the new stream: keep it. [rfc6120-4.3.3-01] [rfc6120-6.3.2-01]
    { type: "restartInput", rest: "keep" },
  );
}

/** Dialback may still convince us. [xep0178-3-07] */
function refuse(
  state: ServerReceivingState,
  mechanism: string,
  condition: SaslCondition,
): ServerStep<ServerStreamState> {
  const failures = state.facts.saslFailures + 1;
  const next: ServerReceivingState = {
    ...state,
    phase: "negotiating",
    facts: { ...state.facts, saslFailures: failures },
  };
  const told: readonly ServerEffect[] = [
    { type: "send", element: saslFailure(condition) },
    { type: "log", event: { name: "authentication-failed", mechanism, condition, failures } },
  ];
  const { saslFailuresMax } = { ...defaultServerStreamLimits, ...state.facts.side.limits };
  if (failures < saslFailuresMax) return serverStep(next, ...told);
  return failStream(next, new StreamError("policy-violation", { text: "too many failed authentications" }), ...told);
}
