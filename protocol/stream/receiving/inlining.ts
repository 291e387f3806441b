import type { FullJid } from "#protocol/jid/jid.ts";
import type { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { boundElement, readBind2 } from "../bind2-elements.ts";
import { tokenElement, type IssuedToken } from "../fast-elements.ts";
import { sasl2Success } from "../sasl2-elements.ts";
import { buildSm, readSm } from "../sm/elements.ts";
import type { StreamEffect } from "../stream-effect.ts";
import type { AnswerInput } from "../stream-input.ts";
import { type Step, step } from "../step.ts";
import type { StreamUser } from "./config.ts";
import { featuresAfterAuthentication, featuresWhenBound } from "./features.ts";
import type { Authenticating, Bound, ChoosingResource, Inlining, InlineAnswers, ReceivingOrEnding } from "./state.ts";

/**
 * Let in, by whatever mechanism and after all tasks [xep0484-3.2-01] [xep0484-3.3-01] [xep0386-3.2-05]: now for what came with `<authenticate/>`. First the token, which takes a write, then resumption [xep0386-3.2-06]
 * [xep0198-9.2-01], else binding; from then on stanzas may be for the client, so nothing that takes time comes behind it.
 * Input stays paused until all is done. [xep0386-3.2-04]
 */
export function startInlining(
  state: Authenticating,
  data: Uint8Array | undefined,
  user: StreamUser,
): Step<ReceivingOrEnding> {
  const { host, inline } = state;
  if (inline === undefined) return { state, effects: [] };
  const facts = { ...state.facts, user };
  const begun: Inlining = {
    role: "receiving",
    phase: "inlining",
    facts,
    host,
    user,
    inline,
    data,
    done: {},
    waitingFor: "token",
  };
  const token = tokenQuestion(state, user);
  // [xep0484-3.6-04]
  return token === undefined ? tryResumption(begun) : step(begun, token);
}

/** Whether a token is wanted, or one that was used may have to be replaced. */
function tokenQuestion({ choice, inline }: Authenticating, user: StreamUser): StreamEffect | undefined {
  const { token, tokenFor, userAgent } = inline ?? {};
  const id = userAgent?.id;
  const known = choice.sasl2?.tokenMechanisms ?? [];
  // Tokens are for devices that can be told apart, and for users who come back. [xep0484-4.1-03] [xep0484-3.3-01]
  if (userAgent === undefined || id === undefined || user.anonymous) return undefined;
  // [xep0484-3.2-02] [xep0484-3.2-03]
  const mechanism = tokenFor !== undefined && known.includes(tokenFor) ? tokenFor : undefined;
  // Who gives a token back gets another only if they ask. [xep0484-3.6-03]
  if (mechanism === undefined && (token === undefined || token.invalidate)) return undefined;
  // [xep0484-3.2-01] [xep0484-3.2-02]
  return { type: "issueToken", user: user.jid, userAgent: { ...userAgent, id }, mechanism };
}

/** Answers to what this phase asks; others change nothing. */
export function receiveInlineAnswer(state: Inlining, input: AnswerInput): Step<ReceivingOrEnding> {
  switch (state.waitingFor) {
    case "token":
      return input.type === "tokenIssued" ? tryResumption(withToken(state, input.issued)) : step(state);
    case "resumption":
      if (input.type === "smResumed") return finishResumed(state, input.jid, input.h);
      return input.type === "smFailed" ? tryBinding(notResumed(state, input)) : step(state);
    case "resource":
      if (input.type === "bound") return takeAddress(state, input.jid, input.answers ?? []);
      return input.type === "bindFailed" ? finishUnbound(state, input.error) : step(state);
    case "management":
      if (input.type === "smEnabled") {
        const enabled = buildSm({ type: "enabled", resume: input.resumption !== undefined, ...input.resumption });
        return finishBound(state, "enabled", enabled);
      }
      return input.type === "smFailed"
        ? finishBound(state, "refused", buildSm({ type: "failed", condition: input.condition }))
        : step(state);
    default:
      return step(state);
  }
}

function withToken(state: Inlining, issued: IssuedToken | undefined): Inlining {
  return issued === undefined ? state : { ...state, done: { ...state.done, token: tokenElement(issued) } };
}

/** XEP-0198 §9.2 */
function tryResumption(state: Inlining): Step<ReceivingOrEnding> {
  const { host, inline, user } = state;
  if (inline.resume === undefined) return tryBinding(state);
  const request = readSm(inline.resume);
  if (!host.streamManagement) return tryBinding(notResumed(state, { condition: "feature-not-implemented" }));
  if (request.type !== "resume") return tryBinding(notResumed(state, { condition: "bad-request" }));
  return step(
    { ...state, waitingFor: "resumption" },
    { type: "resumeSm", user: user.jid, previous: request.previous, h: request.h },
  );
}

/** [xep0386-3.2-07] [xep0198-9.2.1-01] */
function notResumed(
  state: Inlining,
  { condition, h }: Pick<Extract<AnswerInput, { type: "smFailed" }>, "condition" | "h">,
): Inlining {
  return { ...state, done: { ...state.done, resumeFailed: buildSm({ type: "failed", condition, h }) } };
}

/** XEP-0386 §3.2 */
function tryBinding(state: Inlining): Step<ReceivingOrEnding> {
  const { host, inline, user } = state;
  if (inline.bind === undefined || host.sasl2?.bind2 === undefined) return finishUnbound(state);
  const bind2 = { ...readBind2(inline.bind), userAgent: inline.userAgent };
  return step(
    { ...state, waitingFor: "resource" },
    { type: "bindResource", user: user.jid, requested: undefined, bind2 },
  );
}

function takeAddress(state: Inlining, jid: FullJid, answers: readonly XmlElement[]): Step<ReceivingOrEnding> {
  const { host, inline } = state;
  const next: Inlining = { ...state, waitingFor: "management", done: { ...state.done, address: { jid, answers } } };
  const sm = inline.bind === undefined ? undefined : readBind2(inline.bind).sm;
  if (sm === undefined) return finishBound(next, "unasked");
  if (!host.streamManagement)
    return finishBound(next, "refused", buildSm({ type: "failed", condition: "feature-not-implemented" }));
  return step(next, { type: "enableSm", resume: sm.resume, secondsMax: sm.secondsMax });
}

/** A resumed stream has its address, and its features are what they were: nothing else is done. [xep0198-9.2-02] */
function finishResumed(state: Inlining, jid: FullJid, h: number): Step<ReceivingOrEnding> {
  const previous = state.inline.resume?.attr("previd") ?? "";
  const resumed = buildSm({ type: "resumed", previous, h });
  // The address that was bound before: xmpp.js takes what stands here for its own.
  const success = sasl2Success(state.data, jid, [resumed, state.done.token]);
  return step(
    boundState(state, jid, "enabled"),
    { type: "send", element: success },
    { type: "stopTimer", timer: "negotiation" },
    // No features. [xep0198-9.2-03]
    { type: "established", jid, how: "resumed", language: state.facts.language },
    { type: "resumeInput" },
  );
}

/** [xep0386-3.2-10] [xep0386-3.2-12] [xep0386-3.2-15] */
function finishBound(state: Inlining, sm: Bound["sm"], management?: XmlElement): Step<ReceivingOrEnding> {
  const { done, facts, host } = state;
  const { address } = done;
  if (address === undefined) return step(state);
  const { jid } = address;
  const bound = boundElement([...address.answers, management]);
  return step(
    boundState(state, jid, sm),
    { type: "send", element: sasl2Success(state.data, jid, inOrder(done, bound)) },
    { type: "send", element: featuresWhenBound(host, facts.channel, sm === "enabled") },
    { type: "stopTimer", timer: "negotiation" },
    { type: "established", jid, how: "bound", language: facts.language },
    { type: "resumeInput" },
  );
}

/** Without an address yet: none was asked for, or none could be had. They may bind as ever; no restart. */
function finishUnbound(state: Inlining, error?: StanzaError): Step<ReceivingOrEnding> {
  const { host, user, done } = state;
  const bindFailures = state.facts.bindFailures + (error === undefined ? 0 : 1);
  const facts = { ...state.facts, bindFailures };
  const choosing: ChoosingResource = { role: "receiving", phase: "choosingResource", facts, host, user };
  const features = featuresAfterAuthentication(host, facts.channel, facts.config.contentNamespace);
  const failed = error && {
    type: "log" as const,
    event: { name: "bind-failed" as const, condition: error.condition, failures: bindFailures },
  };
  return step(
    choosing,
    { type: "send", element: sasl2Success(state.data, user.jid, inOrder(done, undefined)) },
    { type: "send", element: features },
    ...(failed === undefined ? [] : [failed]),
    { type: "resumeInput" },
  );
}

function inOrder(done: InlineAnswers, bound: XmlElement | undefined): readonly (XmlElement | undefined)[] {
  return [done.resumeFailed, bound, done.token];
}

function boundState({ facts, host, user }: Inlining, jid: FullJid, sm: Bound["sm"]): Bound {
  return { role: "receiving", phase: "bound", facts, host, user, jid, sm };
}
