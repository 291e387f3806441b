import { bareOf, domainOf, isDomain, parseJid } from "#protocol/jid/jid.ts";
import { chooseLanguage, isLanguageTag } from "#protocol/stanza/language.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { faultOfRoot, type HeaderContext } from "../header-rules.ts";
import type { StreamCondition } from "../stream-conditions.ts";
import { StreamError } from "../stream-error.ts";
import {
  formatVersion,
  legacyVersion,
  lowerVersion,
  ourVersion,
  parseVersion,
  speaksFeatures,
} from "../stream-version.ts";
import { type Step, step } from "../step.ts";
import type { StreamHost, StreamUser } from "./config.ts";
import { featuresAfterAuthentication, featuresBeforeAuthentication, nothing } from "./features.ts";
import { failStream } from "./leaving.ts";
import type { Opening, ReceivingFacts, ReceivingOrEnding } from "./state.ts";

/**
 * A stream header: at the start, after TLS, after SASL. It is always answered with ours; a fault in it is told inside
 * the stream that this opens. RFC 6120 §4.7, §4.9.1.2
 */
export function receiveHeader(
  state: Opening,
  header: XmlElement,
  context: HeaderContext | undefined,
): Step<ReceivingOrEnding> {
  const facts = readHeader(state.facts, header);
  const opened: Opening = { ...state, facts: { ...facts, headerSent: true } };
  // On the connection that it came from. [rfc6120-4.1-01] [rfc6120-4.5-01] [rfc6120-5.4.1-01] [rfc6120-6.4.1-01]
  const answer = { type: "sendHeader", header: answerHeader(facts, header) } as const;
  const found =
    faultOfRoot(header, context, facts.config.contentNamespace) ?? faultOfHeader(state.facts, facts, header);
  if (found !== undefined) return withFirst(answer, failStream(opened, found));
  const host = facts.host;
  if (host === undefined) return withFirst(answer, failStream(opened, new StreamError("host-unknown")));
  return withFirst(answer, announce(opened, host));
}

function announce(state: Opening, host: StreamHost): Step<ReceivingOrEnding> {
  const { facts } = state;
  if (!speaksFeatures(facts.version)) {
    // No features for such a peer, so nothing that it could negotiate here.
    if (!host.acceptsLegacyPeers) return failStream(state, new StreamError("unsupported-version"));
    return step({ ...state, host, phase: "choosing", choice: nothing });
  }
  // No binding before it is known who binds. [rfc6120-7.4-02]
  return facts.user === undefined ? offerMechanisms(state, host) : offerBinding(state, host, facts.user);
}

function offerMechanisms(state: Opening, host: StreamHost): Step<ReceivingOrEnding> {
  const { element, choice } = featuresBeforeAuthentication(host, state.facts.channel);
  // [rfc6120-4.3.2-01] [rfc6120-5.4.1-02] [rfc6120-6.4.1-02]
  return step({ ...state, host, phase: "choosing", choice }, { type: "send", element });
}

function offerBinding(state: Opening, host: StreamHost, user: StreamUser): Step<ReceivingOrEnding> {
  const { channel, config } = state.facts;
  // Anew after each restart. [rfc6120-4.3.4-01] [rfc6120-6.4.6-06] [rfc3920-6.2-11]
  const element = featuresAfterAuthentication(host, channel, config.contentNamespace);
  return step({ ...state, host, user, phase: "choosingResource" }, { type: "send", element });
}

/** What the header says, wrong or not. Nothing but the host survives from an earlier stream. [rfc6120-5.4.3.3-03] */
function readHeader(facts: ReceivingFacts, header: XmlElement): ReceivingFacts {
  const version = header.attr("version");
  const language = header.attr("xml:lang");
  const from = parseJid(header.attr("from") ?? "");
  return {
    ...facts,
    host: facts.host ?? hostOf(facts, header.attr("to")),
    version: version === undefined ? legacyVersion : (parseVersion(version) ?? legacyVersion),
    // What is no language tag is none. [rfc6120-4.7.4-01] [rfc6120-4.7.4-07] [rfc3920-4.4-10]
    language: language !== undefined && isLanguageTag(language) ? language : undefined,
    from: from === undefined ? undefined : bareOf(from),
  };
}

function hostOf(facts: ReceivingFacts, to: string | undefined): StreamHost | undefined {
  const { config } = facts;
  // [rfc6120-4.7.2-06]
  const domain = to === undefined && config.acceptsMissingTo ? config.defaultDomain : parseJid(to ?? "");
  if (domain === undefined || !isDomain(domain)) return undefined;
  const answer = config.host(domain);
  return answer.type === "served" ? answer.host : undefined;
}

/** The first fault of a header, in the order in which they make the rest meaningless. */
function faultOfHeader(before: ReceivingFacts, facts: ReceivingFacts, header: XmlElement): StreamError | undefined {
  const { config } = facts;
  const version = header.attr("version");
  if (version !== undefined && parseVersion(version) === undefined) return fault("unsupported-version");

  const to = header.attr("to");
  const named = to === undefined ? undefined : parseJid(to);
  if (to === undefined ? !config.acceptsMissingTo && before.host === undefined : named === undefined)
    return fault("improper-addressing", "a stream is opened to a domain");
  // The host must not change: who authenticated at one is nobody at the other (A25).
  if (before.host !== undefined && named !== undefined && named !== before.host.domain)
    return fault("not-authorized", "the domain of a stream cannot change");
  if (facts.host === undefined) {
    const gone = named !== undefined && isDomain(named) && config.host(named).type === "gone";
    return fault(gone ? "host-gone" : "host-unknown");
  }

  // Nobody is as good as anybody.
  if (
    // [rfc6120-4.7.1-05]
    header.attr("from") !== undefined &&
    facts.from === undefined
  )
    return fault("improper-addressing");
  // Nobody at this host is called so; where SASL2 is offered, who says who they are is told at once. [xep0388-2.1-03]
  if (
    facts.from !== undefined &&
    facts.channel !== undefined &&
    facts.host.sasl2 !== undefined &&
    domainOf(facts.from) !== facts.host.domain
  )
    return fault("invalid-from");
  // Someone anonymous learns their address only from binding.
  const { user, from } = facts;
  if (user !== undefined && !user.anonymous && from !== undefined && from !== user.jid) return fault("invalid-from");
  return redirection(facts, facts.host);
}

function fault(condition: StreamCondition, text?: string): StreamError {
  return new StreamError(condition, { text });
}

/** Only a protected stream is sent elsewhere, unless it can never become one. */
function redirection(facts: ReceivingFacts, host: StreamHost): StreamError | undefined {
  if (host.otherHost === undefined) return undefined;
  // [rfc6120-4.9.3.19-06]
  if (facts.channel === undefined && host.startTls !== "none") return undefined;
  return new StreamError("see-other-host", { otherHost: host.otherHost });
}

function answerHeader(facts: ReceivingFacts, header: XmlElement) {
  const { config, host } = facts;
  return {
    contentNamespace: config.contentNamespace,
    // [rfc6120-4.7.1-03] [rfc6120-4.9.1.3-01]
    from: host?.domain ?? config.defaultDomain,
    // To whom only where they said who they are. [rfc6120-4.7.2-02] [rfc6120-4.7.2-04]
    to: facts.from,
    // A new one each time. [rfc6120-4.3.3-03] [rfc6120-4.7.3-01] [rfc6120-4.7.3-04] [rfc6120-5.4.3.3-05] [rfc6120-6.4.6-05]
    id: config.newStreamId(),
    version: answerVersion(header.attr("version")),
    // [rfc6120-4.7.4-03]
    language: host === undefined ? "en" : chooseLanguage(header.attr("xml:lang"), host.languages),
  };
}

/** None to a peer that sent none, the lower of both to the others. [rfc6120-4.7.5-05] */
function answerVersion(version: string | undefined): string | undefined {
  // [rfc6120-4.7.5-08]
  if (version === undefined) return undefined;
  // [rfc6120-4.7.5-03]
  return formatVersion(lowerVersion(ourVersion, parseVersion(version) ?? ourVersion));
}

function withFirst(first: Step<unknown>["effects"][number], rest: Step<ReceivingOrEnding>): Step<ReceivingOrEnding> {
  return { state: rest.state, effects: [first, ...rest.effects] };
}
