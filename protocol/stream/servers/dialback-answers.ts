import { StreamError } from "../stream-error.ts";
import { type DialbackElement, type DialbackRefusal, buildDialback } from "./dialback-elements.ts";
import { servedHost } from "./dialback-requests.ts";
import { type DomainPair, keyOfPair } from "./domain-pair.ts";
import { letOut, withFacts } from "./establishing.ts";
import { failStream, giveUp, isOpenForStanzas } from "./leaving.ts";
import {
  type OutgoingPair,
  keyOfVerification,
  mayGoOut,
  withOutgoing,
  withVerification,
  withoutOutgoing,
  withoutVerification,
} from "./pair-table.ts";
import { objectionTo } from "./peer-verdict.ts";
import { defaultServerStreamLimits } from "./server-config.ts";
import type { DialbackRequest } from "./server-effect.ts";
import type { ServerAnswer, ServerOrder } from "./server-input.ts";
import type { OpenServerStream, ServerStreamState } from "./server-state.ts";
import { type ServerStep, serverStep } from "./server-step.ts";

/** What the owner wants asked: at once where that can be, or else when it can. */
export function receiveOrder(state: OpenServerStream, order: ServerOrder): ServerStep<ServerStreamState> {
  const { facts } = state;
  if (isReady(state)) return carryOut(state, order);
  if (state.phase === "finishing" || state.role === "receiving")
    return decline(state, order, "remote-connection-failed");
  const { askedMax } = { ...defaultServerStreamLimits, ...facts.side.limits };
  if (facts.pairs.waiting.length >= askedMax) return decline(state, order, "resource-constraint");
  const waiting = [...facts.pairs.waiting, order];
  return serverStep(withFacts(state, { pairs: { ...facts.pairs, waiting } }));
}

/** Whether dialback can be spoken: negotiation has come so far, or is over. */
export function isReady(state: OpenServerStream): boolean {
  return state.phase === "negotiating" || state.phase === "awaitingResumed" || isOpenForStanzas(state);
}

/** Carries out what has been waiting, as soon as it can be. */
export function catchUp(step: ServerStep<OpenServerStream>): ServerStep<ServerStreamState> {
  const { waiting } = step.state.facts.pairs;
  if (waiting.length === 0 || !isReady(step.state)) return step;
  let state = withFacts(step.state, { pairs: { ...step.state.facts.pairs, waiting: [] } });
  const effects = [...step.effects];
  for (const order of waiting) {
    const next = carryOut(state, order);
    state = next.state;
    effects.push(...next.effects);
  }
  return { state, effects };
}

function carryOut(state: OpenServerStream, order: ServerOrder): ServerStep<OpenServerStream> {
  return order.type === "authorizePair" ? askForPair(state, order) : askForVerdict(state, order);
}

/** Asks to be let send for a pair, by a key that our servers can confirm. We are the Initiating Server. XEP-0220 §2.1.1 */
export function askForPair(state: OpenServerStream, { local, remote }: DomainPair): ServerStep<OpenServerStream> {
  const { facts } = state;
  const pair = { local, remote };
  if (mayGoOut(facts, pair) || facts.pairs.outgoing.has(keyOfPair(pair))) return serverStep(state);
  const host = servedHost(facts.side, local);
  const refusal = host === undefined ? "item-not-found" : refusalOf(state, pair, host.security === "plain");
  if (refusal !== undefined || host === undefined)
    return decline(state, { type: "authorizePair", ...pair }, refusal ?? "item-not-found");
  // Whom we insist to know by their certificate, or whose domain disowns them, is asked nothing before.
  const known =
    remote === facts.remote && facts.verdict !== undefined && objectionTo(facts.verdict, host) === undefined;
  if (facts.channel === undefined || known) return sendKey(state, pair);
  const pairs = withOutgoing(facts.pairs, { ...pair, standing: "checking" });
  return serverStep(withFacts(state, { pairs }), { type: "checkPeer", ...pair });
}

function refusalOf({ facts, role }: OpenServerStream, pair: DomainPair, plain: boolean) {
  const { bidirectional, channel, offer, pairs, remote, side } = facts;
  const { pairsMax } = { ...defaultServerStreamLimits, ...side.limits };
  if (pairs.outgoing.size >= pairsMax) return "resource-constraint";
  if (channel === undefined && !plain) return "policy-violation";
  if (role === "receiving") {
    // To a domain that has proven itself here, and only where both ways are open. [xep0288-2.2-05]
    const proven = [...pairs.incoming.values()].some(
      (other) => other.standing === "authorized" && other.remote === pair.remote,
    );
    return bidirectional && proven ? undefined : "not-acceptable";
  }
  if (!offer.dialback) return "feature-not-implemented";
  // Who does not know errors would close the stream on us. [xep0220-2.6.2-01]
  return pair.remote !== remote && !offer.dialbackErrors ? "feature-not-implemented" : undefined;
}

/** [xep0220-2.1.1-01] */
function sendKey(state: OpenServerStream, { local, remote }: DomainPair): ServerStep<OpenServerStream> {
  const { id, pairs, side } = state.facts;
  const key = side.dialbackKey({ receiving: remote, originating: local, id });
  const element = buildDialback({ name: "result", from: local, to: remote, id: undefined, key, verdict: undefined });
  const asked = withOutgoing(pairs, { local, remote, standing: "asked" });
  return serverStep(withFacts(state, { pairs: asked }), { type: "send", element });
}

/** To checkPeer, of a domain that we want to send to. */
export function receiveTargetChecked(
  state: OpenServerStream,
  answered: ServerAnswer & { readonly type: "peerChecked" },
): ServerStep<ServerStreamState> {
  const asked = state.facts.pairs.outgoing.get(keyOfPair(answered));
  if (asked?.standing !== "checking") return serverStep(state);
  const host = servedHost(state.facts.side, asked.local);
  if (objectionTo(answered, host) === undefined) return sendKey(state, asked);
  return refused(state, asked, { type: "error", condition: "not-authorized" });
}

/** `<db:result type='…'/>`. XEP-0220 §2.1.1 */
export function receiveResult(
  state: OpenServerStream,
  { from, to, verdict }: DialbackElement,
): ServerStep<ServerStreamState> {
  const pair = { local: to, remote: from };
  // Of this stream, or it is a lie (A32). [xep0220-2.1.1-08]
  if (state.facts.pairs.outgoing.get(keyOfPair(pair))?.standing !== "asked") return unsolicited(state, "result");
  if (verdict?.type === "valid") return letOut(state, pair, "dialback");
  return refused(state, pair, verdict ?? { type: "invalid" });
}

/** [xep0220-2.1.1-09] */
function refused(
  state: OpenServerStream,
  { local, remote }: Omit<OutgoingPair, "standing">,
  refusal: DialbackRefusal,
): ServerStep<ServerStreamState> {
  const next = withFacts(state, { pairs: withoutOutgoing(state.facts.pairs, { local, remote }) });
  const told = { type: "pairRefused", ways: "out", local, remote, refusal } as const;
  return hasPurpose(next) ? serverStep(next, told) : giveUp(next, { type: "pairRefused", refusal }, told);
}

/** Whether anything is or may yet come of the stream. */
function hasPurpose({ facts, phase, role }: OpenServerStream): boolean {
  const { incoming, outgoing, verifications } = facts.pairs;
  return role === "receiving" || phase !== "negotiating" || incoming.size + outgoing.size + verifications.size > 0;
}

/** Asks whether a key is one of theirs, that came over another stream. XEP-0220 §2.1.2 */
function askForVerdict(state: OpenServerStream, asked: DialbackRequest): ServerStep<OpenServerStream> {
  const { facts, role } = state;
  const { id, key, local, remote } = asked;
  const { pairs, side } = facts;
  if (pairs.verifications.has(keyOfVerification(asked))) return serverStep(state);
  const { askedMax } = { ...defaultServerStreamLimits, ...side.limits };
  if (pairs.verifications.size >= askedMax) return decline(state, { type: "verify", ...asked }, "resource-constraint");
  // Not whoever sent it, on the way that it came. [xep0288-2.2-03]
  const possible = role === "initiating" ? facts.offer.dialback : facts.bidirectional && id !== facts.id;
  if (!possible) return decline(state, { type: "verify", ...asked }, "remote-connection-failed");
  // [xep0220-2.1.2-01]
  const element = buildDialback({ name: "verify", from: local, to: remote, id, key, verdict: undefined });
  return serverStep(withFacts(state, { pairs: withVerification(pairs, asked) }), { type: "send", element });
}

/** `<db:verify type='…'/>`. XEP-0220 §2.1.2 */
export function receiveVerdict(
  state: OpenServerStream,
  { from, id = "", to, verdict }: DialbackElement,
): ServerStep<ServerStreamState> {
  const asked = { local: to, remote: from, id };
  // Of this stream, or it is a lie (A32). [xep0220-2.1.2-05]
  if (verdict === undefined || !state.facts.pairs.verifications.has(keyOfVerification(asked)))
    return unsolicited(state, "verify");
  const next = withFacts(state, { pairs: withoutVerification(state.facts.pairs, asked) });
  return serverStep(next, { type: "verified", ...asked, outcome: verdict });
}

function unsolicited(state: OpenServerStream, element: "result" | "verify"): ServerStep<ServerStreamState> {
  const text = `nobody asked for this ${element}`;
  const log = { type: "log", event: { name: "unsolicited-dialback", element } } as const;
  const failed = failStream(state, new StreamError("not-authorized", { text }));
  return serverStep(failed.state, log, ...failed.effects);
}

/** An order that cannot be carried out. */
function decline(
  state: OpenServerStream,
  order: ServerOrder,
  condition: Extract<DialbackRefusal, { type: "error" }>["condition"],
): ServerStep<OpenServerStream> {
  const { local, remote } = order;
  const refusal = { type: "error", condition } as const;
  return order.type === "authorizePair"
    ? serverStep(state, { type: "pairRefused", ways: "out", local, remote, refusal })
    : serverStep(state, { type: "verified", local, remote, id: order.id, outcome: refusal });
}
