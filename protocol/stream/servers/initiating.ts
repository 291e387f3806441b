import { detachString } from "#protocol/detach-string.ts";
import { encodeUtf8 } from "#protocol/sasl/utf8.ts";
import { isLanguageTag } from "#protocol/stanza/language.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_DIALBACK, NS_SASL, NS_SERVER, NS_STREAM, NS_TLS } from "#protocol/xml/namespaces.ts";
import { type HeaderContext, faultOfRoot } from "../header-rules.ts";
import { errorOfUnknown } from "../receiving/unknown.ts";
import { readSaslReply, saslAbort, saslAuth, saslResponse } from "../sasl-elements.ts";
import type { SecureChannel } from "../secure-channel.ts";
import { StreamError } from "../stream-error.ts";
import { formatVersion, legacyVersion, ourVersion, parseVersion, speaksFeatures } from "../stream-version.ts";
import { starttlsRequest } from "../tls-elements.ts";
import { receiveDialback } from "./dialback.ts";
import { askForPair, catchUp } from "./dialback-answers.ts";
import { dialbackTextCharactersMax } from "./dialback-elements.ts";
import { servedHost } from "./dialback-requests.ts";
import { askForBidi, letOut, withFacts } from "./establishing.ts";
import { endNow, failStream, giveUp } from "./leaving.ts";
import { receiveResumeReply, receiveWhenEstablished } from "./management.ts";
import { noPairs } from "./pair-table.ts";
import type { ServerEffect } from "./server-effect.ts";
import { readServerFeatures } from "./server-features.ts";
import { type PeerVerdict, objectionTo } from "./peer-verdict.ts";
import {
  type OpenServerStream,
  type ServerFacts,
  type ServerInitiatingState,
  type ServerOffer,
  type ServerStreamState,
  noOffer,
} from "./server-state.ts";
import { type ServerStep, serverStep } from "./server-step.ts";

/** An element from a server to which we have connected. */
export function receiveFromTarget(state: ServerInitiatingState, element: XmlElement): ServerStep<ServerStreamState> {
  switch (state.phase) {
    case "awaitingHeader":
      return giveUp(state, { type: "protocol", text: "an element before the header" });
    case "awaitingFeatures":
      return receiveFeatures(state, element);
    case "awaitingProceed":
      return receiveProceed(state, element);
    case "startingTls":
      // Not from under TLS (A21).
      return endNow(state, { type: "failed", failure: { type: "tlsUnavailable" } });
    case "checkingPeer":
      // Not a word was said over TLS yet.
      return giveUp(state, { type: "protocol", text: "an element before the header" });
    case "authenticating":
      return receiveProof(state, element);
    case "negotiating":
      return element.ns === NS_DIALBACK ? receiveDialback(state, element) : failStream(state, errorOfUnknown(element));
    case "awaitingResumed":
      return receiveResumeReply(state, element);
    case "established":
      return receiveWhenEstablished(state, element);
    default:
      return serverStep(state);
  }
}

/** TLS is there. Whose it is comes before anything is said through it. [rfc6120-5.3.2-01] [rfc6120-13.7.2-01] */
export function checkTarget(state: ServerInitiatingState, channel: SecureChannel): ServerStep<ServerInitiatingState> {
  const { local, remote } = state.errand;
  // All that was said in the clear is forgotten. [rfc6120-5.4.3.3-01] [xep0288-2.1-01]
  const facts = { ...state.facts, channel, headerSent: false, offer: noOffer, bidirectional: false, id: "" };
  const effects = [{ type: "pauseInput" }, { type: "checkPeer", local, remote }] as const;
  return serverStep({ ...state, phase: "checkingPeer", facts }, ...effects);
}

/** To checkPeer. */
export function receiveTargetVerdict(
  state: ServerInitiatingState,
  verdict: PeerVerdict,
): ServerStep<ServerStreamState> {
  const reason = objectionTo(verdict, servedHost(state.facts.side, state.errand.local));
  if (reason !== undefined)
    // [rfc6120-13.7.2-03] [rfc6120-13.7.2-05] [rfc7673-4.2-01]
    return endNow(state, { type: "failed", failure: { type: "peerNotTrusted", reason } });
  const opened = sendHeader({ ...state, facts: { ...state.facts, verdict } });
  return serverStep(opened.state, ...opened.effects, { type: "resumeInput" });
}

/** Opens a stream: the first, and the new one after TLS and after SASL. [rfc6120-4.3.3-02] */
export function sendHeader(state: ServerInitiatingState): ServerStep<ServerInitiatingState> {
  const { local, remote } = state.errand;
  const host = servedHost(state.facts.side, local);
  const facts: ServerFacts = { ...state.facts, headerSent: true, language: undefined, version: legacyVersion, id: "" };
  return serverStep(
    { ...state, phase: "awaitingHeader", facts },
    {
      type: "sendHeader",
      header: {
        contentNamespace: NS_SERVER,
        // Servers are no secret. [rfc6120-4.7.1-02] [rfc6120-4.7.2-01]
        from: local,
        to: remote,
        version: formatVersion(ourVersion),
        language: host?.languages[0],
        dialback: true,
      },
    },
  );
}

export function receiveTargetHeader(
  state: ServerInitiatingState,
  header: XmlElement,
  context: HeaderContext | undefined,
): ServerStep<ServerStreamState> {
  const fault = faultOfRoot(header, context, NS_SERVER);
  if (fault !== undefined) return failStream(state, fault);
  const text = header.attr("version");
  const version = text === undefined ? legacyVersion : parseVersion(text);
  // It outlives what it was cut from.
  const id = detachString(header.attr("id") ?? "");
  if (version === undefined) return failStream(state, new StreamError("unsupported-version"));
  if (id.length > dialbackTextCharactersMax)
    return failStream(state, new StreamError("policy-violation", { text: "the id is too long" }));
  const language = header.attr("xml:lang");
  const declared = context === undefined || [...context.prefixes.values()].includes(NS_DIALBACK);
  const facts: ServerFacts = {
    ...state.facts,
    id,
    version,
    language: language !== undefined && isLanguageTag(language) ? language : undefined,
    // Who declares it speaks it, features or none. XEP-0220 §2.4.1
    offer: { ...noOffer, dialback: declared && id !== "" },
  };
  const opened: ServerInitiatingState = { ...state, phase: "awaitingFeatures", facts };
  if (speaksFeatures(version)) return serverStep(opened);
  // Without features there is neither TLS nor SASL. [rfc6120-4.7.5-07]
  if (facts.channel === undefined && !mayBeClear(opened)) return giveUp(opened, { type: "tlsUnavailable" });
  return authorize(opened);
}

/** What to do next, from what the server offers: TLS, then SASL or dialback. RFC 6120 §13.3 */
function receiveFeatures(state: ServerInitiatingState, element: XmlElement): ServerStep<ServerStreamState> {
  if (element.ns !== NS_STREAM || element.name !== "features")
    return giveUp(state, { type: "protocol", text: `${element.name} where features were due` });
  const { facts } = state;
  const found = readServerFeatures(element);
  const offer: ServerOffer = { ...found, dialback: (found.dialback || facts.offer.dialback) && facts.id !== "" };
  const next: ServerInitiatingState = { ...state, facts: { ...facts, offer } };
  if (facts.channel === undefined && !(mayBeClear(state) && offer.starttls === "none"))
    // Asked for even where it is not offered: who took the offer away may be an attacker. [rfc7590-3.1-01] [rfc7590-3.1-02]
    return serverStep({ ...next, phase: "awaitingProceed" }, { type: "send", element: starttlsRequest() });
  if (!facts.external) return authorize(next);
  const { local, remote } = state.errand;
  // Ours, as soon as the features of the new stream are here. [rfc6120-4.3.5-02]
  return catchUp(letOut({ ...next, phase: "negotiating" }, { local, remote }, "external"));
}

function mayBeClear({ errand, facts }: ServerInitiatingState): boolean {
  return servedHost(facts.side, errand.local)?.security === "plain";
}

/** By certificate where the peer can believe ours, or else by dialback. */
function authorize(state: ServerInitiatingState): ServerStep<ServerStreamState> {
  const { errand, facts } = state;
  const { offer } = facts;
  const host = servedHost(facts.side, errand.local);
  const bidi = errand.authorize && offer.bidi && host?.bidirectional === true && !facts.bidirectional;
  const asked = bidi ? askForBidi(facts) : { facts, effects: [] };
  const next: ServerInitiatingState = { ...state, facts: asked.facts };
  if (errand.authorize && offer.external && host?.certified === true && facts.channel !== undefined)
    return serverStep(
      { ...next, phase: "authenticating" },
      ...asked.effects,
      // With the domain, which older peers ask for. [xep0178-3-05]
      { type: "send", element: saslAuth("EXTERNAL", encodeUtf8(errand.local)) },
    );
  if (!offer.dialback) return giveUp(state, { type: "noMechanism", offered: [] });
  return callBack(next, ...asked.effects);
}

function callBack(state: ServerInitiatingState, ...before: readonly ServerEffect[]): ServerStep<ServerStreamState> {
  const { errand } = state;
  const open: OpenServerStream = { ...state, phase: "negotiating" };
  const first = errand.authorize ? askForPair(open, errand) : serverStep(open);
  return catchUp(serverStep(first.state, ...before, ...first.effects));
}

/** RFC 6120 §5.4.2 */
function receiveProceed(state: ServerInitiatingState, element: XmlElement): ServerStep<ServerStreamState> {
  if (element.ns !== NS_TLS || element.name !== "proceed") return giveUp(state, { type: "tlsUnavailable" });
  return serverStep(
    { ...state, phase: "startingTls" },
    // What came in the same breath came in the clear, whoever sent it (A21). [rfc6120-5.4.3.3-02]
    { type: "restartInput", rest: "drop" },
    // [rfc6120-5.2-01] [rfc6120-5.4.2.3-03]
    { type: "startTls" },
  );
}

/** RFC 6120 §6.4 */
function receiveProof(state: ServerInitiatingState, element: XmlElement): ServerStep<ServerStreamState> {
  if (element.ns !== NS_SASL)
    return giveUp(state, { type: "protocol", text: `${element.name} while authentication is under way` });
  const reply = readSaslReply(element);
  const { facts } = state;
  switch (reply.type) {
    case "challenge":
      // Some ask for the first message although it came. Nobody asks twice.
      if (facts.saslFailures > 0) return giveUp(state, { type: "protocol", text: "EXTERNAL has no end" });
      return serverStep(withFacts(state, { saslFailures: 1 }), {
        type: "send",
        element: saslResponse(encodeUtf8(state.errand.local)),
      });
    case "success": {
      // A new stream, ours. [rfc6120-4.3.3-01] [rfc6120-6.3.2-01] [rfc6120-6.4.6-04]
      const opened = sendHeader({
        ...state,
        facts: { ...facts, external: true, pairs: { ...noPairs, waiting: facts.pairs.waiting } },
      });
      return serverStep(opened.state, { type: "restartInput", rest: "keep" }, ...opened.effects);
    }
    case "failure": {
      const { condition, text } = reply;
      // [xep0178-3-07]
      if (facts.offer.dialback) return callBack(state);
      return giveUp(state, { type: "authenticationFailed", mechanism: "EXTERNAL", condition, text });
    }
    default:
      return endNow(
        state,
        { type: "failed", failure: { type: "protocol", text: reply.text } },
        { type: "send", element: saslAbort() },
        { type: "sendClose" },
      );
  }
}
