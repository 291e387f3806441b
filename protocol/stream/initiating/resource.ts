import { type FullJid, isFull, parseJid } from "#protocol/jid/jid.ts";
import { readStanzaError } from "#protocol/stanza/stanza-error.ts";
import { stanzaKindOf } from "#protocol/stanza/stanza-kind.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_BIND, NS_SM } from "#protocol/xml/namespaces.ts";
import { bindRequest, sessionRequest } from "../bind-elements.ts";
import { buildSm, readSm } from "../sm/elements.ts";
import { type Step, step } from "../step.ts";
import type { ServerFeatures } from "./features.ts";
import { giveUp } from "./leaving.ts";
import type {
  AwaitingAddress,
  AwaitingFeatures,
  AwaitingResumed,
  AwaitingSession,
  Connected,
  InitiatingFacts,
  InitiatingOrEnding,
  InlineAddress,
  Offered,
} from "./state.ts";

/** Ids of the machine's own requests. Stanzas begin only when these are answered, so they cannot be mistaken. */
const bindId = "bind";
const sessionId = "session";

/** Authenticated: take up the former stream, or get an address. XEP-0198 §5, RFC 6120 §7 */
export function begin(state: AwaitingFeatures, features: ServerFeatures): Step<InitiatingOrEnding> {
  const { facts } = state;
  const previous = facts.config.sm?.previous;
  if (previous !== undefined && features.sm && !facts.notResumed)
    return step(
      { role: "initiating", phase: "awaitingResumed", facts, offered: features },
      { type: "send", element: buildSm({ type: "resume", previous: previous.id, h: previous.h }) },
    );
  // [rfc6120-7.1-01] [rfc6120-7.3.1-01]
  if (!features.bind) return giveUp(state, { type: "protocol", text: "the server offers no binding" });
  // [rfc6120-4.3.2-03] [rfc6120-7.4-03]
  return bind(facts, features, facts.config.resource);
}

/** Bound in one with authentication (XEP-0386): the features that follow are the last word of negotiation. */
export function enter(
  { facts }: AwaitingFeatures,
  { bound, jid, sm }: InlineAddress,
  features: ServerFeatures,
): Step<InitiatingOrEnding> {
  // Perhaps it can still be asked for as ever.
  if (sm === undefined) return connect(facts, features, jid, bound);
  const enabled = sm.type === "enabled";
  const { language } = facts;
  return step(
    { role: "initiating", phase: "connected", facts, jid, sm: enabled ? "enabled" : "off" },
    { type: "stopTimer", timer: "negotiation" },
    { type: "established", jid, how: "bound", language, bound, smAsked: enabled },
    enabled
      ? { type: "smEnabled", id: sm.resume ? sm.id : undefined, secondsMax: sm.secondsMax, location: sm.location }
      : { type: "smFailed", condition: sm.type === "failed" ? sm.condition : "undefined-condition", h: undefined },
  );
}

function bind(facts: InitiatingFacts, offered: Offered, requested: string | undefined): Step<AwaitingAddress> {
  return step(
    { role: "initiating", phase: "awaitingAddress", facts, offered, requested },
    // [rfc6120-7.7-01]
    { type: "send", element: bindRequest(bindId, requested) },
  );
}

export function receiveResumeReply(state: AwaitingResumed, element: XmlElement): Step<InitiatingOrEnding> {
  const reply = element.ns === NS_SM ? readSm(element) : undefined;
  const { facts, offered } = state;
  const previous = facts.config.sm?.previous;
  if (reply?.type === "resumed" && previous !== undefined && reply.previous === previous.id) {
    const { jid } = previous;
    return step(
      { role: "initiating", phase: "connected", facts, jid, sm: "enabled" },
      { type: "stopTimer", timer: "negotiation" },
      { type: "established", jid, how: "resumed", language: facts.language, h: reply.h },
    );
  }
  if (reply?.type !== "failed")
    return giveUp(state, { type: "protocol", text: `${element.name} is no answer to a resumption` });
  // The former stream is lost, but not this one. [xep0198-5-17]
  const bound = bind(facts, offered, facts.config.resource);
  return step(bound.state, { type: "smFailed", condition: reply.condition, h: reply.h }, ...bound.effects);
}

/** RFC 6120 §7.6, §7.7 */
export function receiveBindReply(state: AwaitingAddress, element: XmlElement): Step<InitiatingOrEnding> {
  if (!answers(element, bindId)) return step(state);
  const { facts, offered } = state;
  if (element.attr("type") === "error") {
    const error = readStanzaError(element);
    // Somebody has the name: let the server find another. [rfc6120-4.9.3.3-01]
    if (state.requested !== undefined && error.condition === "conflict") return bind(facts, offered, undefined);
    return giveUp(state, { type: "bindFailed", error });
  }
  // The address is what the server says, never a guess. [rfc6120-4.3.6-05]
  const jid = parseJid(element.child(NS_BIND, "bind")?.child(NS_BIND, "jid")?.text ?? "");
  if (jid === undefined || !isFull(jid)) return giveUp(state, { type: "protocol", text: "bound to no address" });
  // [rfc3921-3-05]
  if (!offered.session) return connect(facts, offered, jid);
  const waiting: AwaitingSession = { role: "initiating", phase: "awaitingSession", facts, offered, jid };
  return step(waiting, { type: "send", element: sessionRequest(sessionId) });
}

/** RFC 3921 §3 */
export function receiveSessionReply(state: AwaitingSession, element: XmlElement): Step<InitiatingOrEnding> {
  if (!answers(element, sessionId)) return step(state);
  if (element.attr("type") === "error") return giveUp(state, { type: "bindFailed", error: readStanzaError(element) });
  return connect(state.facts, state.offered, state.jid);
}

function answers(element: XmlElement, id: string): boolean {
  const type = element.attr("type");
  return stanzaKindOf(element) === "iq" && element.attr("id") === id && (type === "result" || type === "error");
}

function connect(facts: InitiatingFacts, offered: Offered, jid: FullJid, bound?: XmlElement): Step<Connected> {
  const { sm } = facts.config;
  const more = bound === undefined ? {} : { bound };
  const asks = sm !== undefined && offered.sm;
  return step(
    { role: "initiating", phase: "connected", facts, jid, sm: asks ? "asked" : "off" },
    // [xep0198-3-09] [xep0198-5-01]
    ...(asks
      ? ([
          { type: "send", element: buildSm({ type: "enable", resume: sm.resumable, secondsMax: sm.secondsMax }) },
        ] as const)
      : []),
    { type: "stopTimer", timer: "negotiation" },
    // Not before. [rfc6120-4.3.5-02]
    { type: "established", jid, how: "bound", language: facts.language, smAsked: asks, ...more },
  );
}
