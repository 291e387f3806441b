import { type DomainJid, isDomain, parseJid } from "#protocol/jid/jid.ts";
import { chooseLanguage, isLanguageTag } from "#protocol/stanza/language.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_DIALBACK, NS_SERVER } from "#protocol/xml/namespaces.ts";
import { type HeaderContext, faultOfRoot } from "../header-rules.ts";
import type { StreamCondition } from "../stream-conditions.ts";
import { StreamError } from "../stream-error.ts";
import type { StreamHeader } from "../stream-header.ts";
import {
  formatVersion,
  legacyVersion,
  lowerVersion,
  ourVersion,
  parseVersion,
  speaksFeatures,
} from "../stream-version.ts";
import { servedHost } from "./dialback-requests.ts";
import { letIn } from "./establishing.ts";
import { failStream } from "./leaving.ts";
import { objectionTo } from "./peer-verdict.ts";
import type { ServerHost } from "./server-config.ts";
import type { ServerEffect } from "./server-effect.ts";
import { buildServerFeatures, offerOf } from "./server-features.ts";
import { type ServerFacts, type ServerReceivingState, type ServerStreamState, noOffer } from "./server-state.ts";
import { type ServerStep, serverStep } from "./server-step.ts";

/**
 * A stream header: at the start, after TLS, after SASL. It is always answered with ours; a fault in it is told inside
 * the stream that this opens. Whose it is by its certificate is asked before anything is offered. RFC 6120 §4.7, §13.3
 */
export function receiveHeader(
  state: ServerReceivingState,
  header: XmlElement,
  context: HeaderContext | undefined,
): ServerStep<ServerStreamState> {
  const before = state.facts;
  const facts = readHeader(before, header);
  const opened: ServerReceivingState = { ...state, facts: { ...facts, headerSent: true } };
  const sent: ServerEffect = { type: "sendHeader", header: answerHeader(facts, header) };
  const found = faultOfRoot(header, context, NS_SERVER) ?? faultOfHeader(before, facts, header);
  const { channel, host, remote } = facts;
  if (found !== undefined || host === undefined)
    return behind(sent, failStream(opened, found ?? new StreamError("host-unknown")));
  if (!speaksFeatures(facts.version)) return behind(sent, meetOldPeer(opened, host, context));
  // Only who names both ends can be let in by a certificate. [rfc6120-13.7.2-04]
  if (channel === undefined || remote === undefined || facts.external || header.attr("to") === undefined)
    return behind(sent, announce(opened, host));
  const checking: ServerReceivingState = { ...opened, phase: "checkingPeer" };
  return serverStep(checking, sent, { type: "pauseInput" }, { type: "checkPeer", local: host.domain, remote });
}

/** Features, and for who has authenticated by SASL the stream is theirs. */
export function announce(state: ServerReceivingState, host: ServerHost): ServerStep<ServerStreamState> {
  const { facts } = state;
  const { remote, verdict } = facts;
  const objection = objectionTo(verdict, host);
  if (objection !== undefined) {
    const log = { name: "peer-not-trusted", remote: remote ?? host.domain, reason: objection } as const;
    // Dialback would not do. [rfc6120-6.4.5-06] [xep0178-3-03]
    const failed = failStream(state, new StreamError("policy-violation", { text: objection }));
    return serverStep(failed.state, { type: "log", event: log }, ...failed.effects);
  }
  const offer = offerOf(facts, host);
  if (facts.channel === undefined && host.security !== "plain" && offer.starttls === "none")
    return failStream(state, new StreamError("policy-violation", { text: "TLS is required, and not to be had here" }));
  const open: ServerReceivingState = { ...state, phase: "negotiating", facts: { ...facts, offer } };
  // [rfc6120-4.3.2-01] [rfc6120-4.3.4-01]
  const features: ServerEffect = { type: "send", element: buildServerFeatures(offer) };
  if (!facts.external || remote === undefined) return serverStep(open, features);
  // Established without binding: servers have no resources. [rfc6120-7.4-01]
  return behind(features, letIn(open, { local: host.domain, remote }, "external"));
}

/** A peer of before XMPP 1.0 knows neither features nor TLS: dialback or nothing. RFC 3920 §8 */
function meetOldPeer(
  state: ServerReceivingState,
  host: ServerHost,
  context: HeaderContext | undefined,
): ServerStep<ServerStreamState> {
  const speaksDialback = context === undefined || [...context.prefixes.values()].includes(NS_DIALBACK);
  if (host.security !== "plain" && state.facts.channel === undefined)
    return failStream(state, new StreamError("policy-violation", { text: "TLS is required" }));
  if (!speaksDialback) return failStream(state, new StreamError("unsupported-version"));
  const offer = { ...noOffer, dialback: true };
  return serverStep({ ...state, phase: "negotiating", facts: { ...state.facts, offer } });
}

/** What the header says, wrong or not. Of an earlier stream only the host survives, and who was authenticated. */
function readHeader(facts: ServerFacts, header: XmlElement): ServerFacts {
  const version = header.attr("version");
  const language = header.attr("xml:lang");
  const to = header.attr("to");
  const named = to === undefined ? facts.side.defaultDomain : domainOf(to);
  return {
    ...facts,
    host: facts.host ?? (named === undefined ? undefined : servedHost(facts.side, named)),
    remote: domainOf(header.attr("from")) ?? (facts.external ? facts.remote : undefined),
    // A new one each time. [rfc6120-4.3.3-03] [rfc6120-4.7.3-01]
    id: facts.side.newStreamId(),
    version: version === undefined ? legacyVersion : (parseVersion(version) ?? legacyVersion),
    language: language !== undefined && isLanguageTag(language) ? language : undefined,
  };
}

/** The first fault of a header, in the order in which they make the rest meaningless. */
function faultOfHeader(before: ServerFacts, facts: ServerFacts, header: XmlElement): StreamError | undefined {
  const version = header.attr("version");
  if (version !== undefined && parseVersion(version) === undefined) return fault("unsupported-version");
  const to = header.attr("to");
  const named = to === undefined ? undefined : parseJid(to);
  if (to !== undefined && named === undefined) return fault("improper-addressing");
  // The host must not change: who authenticated at one is nobody at the other (A25).
  if (before.host !== undefined && named !== undefined && named !== before.host.domain)
    return fault("not-authorized", "the domain of a stream cannot change");
  if (facts.host === undefined) {
    const gone = named !== undefined && isDomain(named) && facts.side.host(named).type === "gone";
    return fault(gone ? "host-gone" : "host-unknown");
  }
  const from = header.attr("from");
  const { host, remote } = facts;
  if (from !== undefined && domainOf(from) === undefined) return fault("improper-addressing");
  if (remote === undefined) return undefined;
  // Nobody else is one of us, and who has authenticated stays who they are.
  if (servedHost(facts.side, remote) !== undefined) return fault("invalid-from", "that is a domain of ours");
  if (facts.external && remote !== before.remote) return fault("invalid-from");
  if (!host.admits(remote)) return fault("policy-violation", "this domain is not talked to");
  if (host.otherHost === undefined || (facts.channel === undefined && host.certified)) return undefined;
  // [rfc6120-4.9.3.19-06]
  return new StreamError("see-other-host", { otherHost: host.otherHost });
}

function fault(condition: StreamCondition, text?: string): StreamError {
  return new StreamError(condition, { text });
}

function domainOf(text: string | undefined): DomainJid | undefined {
  const jid = text === undefined ? undefined : parseJid(text);
  return jid !== undefined && isDomain(jid) ? jid : undefined;
}

function answerHeader({ host, id, remote, side }: ServerFacts, header: XmlElement): StreamHeader {
  const version = header.attr("version");
  return {
    contentNamespace: NS_SERVER,
    // [rfc6120-4.7.1-03] [rfc6120-4.9.1.3-01]
    from: host?.domain ?? side.defaultDomain,
    // [rfc6120-4.7.2-04]
    to: remote,
    id,
    // None to a peer that sent none, the lower of both to the others. [rfc6120-4.7.5-05] [rfc6120-4.7.5-08]
    version:
      version === undefined ? undefined : formatVersion(lowerVersion(ourVersion, parseVersion(version) ?? ourVersion)),
    language: host === undefined ? "en" : chooseLanguage(header.attr("xml:lang"), host.languages),
    dialback: true,
  };
}

function behind(first: ServerEffect, rest: ServerStep<ServerStreamState>): ServerStep<ServerStreamState> {
  return { state: rest.state, effects: [first, ...rest.effects] };
}
