import { equalBytes } from "#protocol/sasl/bytes.ts";
import { encodeUtf8 } from "#protocol/sasl/utf8.ts";
import { StreamError } from "../stream-error.ts";
import {
  type DialbackCondition,
  type DialbackElement,
  type DialbackVerdict,
  buildDialback,
} from "./dialback-elements.ts";
import { type DomainPair, keyOfPair } from "./domain-pair.ts";
import { letIn, withFacts } from "./establishing.ts";
import { close, failStream } from "./leaving.ts";
import { type IncomingPair, heldPairs, mayComeIn, withIncoming, withoutIncoming } from "./pair-table.ts";
import { type ServerHost, type ServerSide, defaultServerStreamLimits } from "./server-config.ts";
import type { ServerEffect } from "./server-effect.ts";
import { type PeerVerdict, objectionTo } from "./peer-verdict.ts";
import type { ServerAnswer } from "./server-input.ts";
import type { OpenServerStream, ServerStreamState } from "./server-state.ts";
import { type ServerStep, serverStep } from "./server-step.ts";

/** `<db:result>KEY</db:result>`: the peer wants to send for a pair. We are the Receiving Server. XEP-0220 §2.2.1 */
export function receiveKey(state: OpenServerStream, { from, key, to }: DialbackElement): ServerStep<ServerStreamState> {
  const { facts } = state;
  // Without both ways nobody asks who was asked. XEP-0288 §2.2
  if (state.role === "initiating" && !facts.bidirectional)
    return failStream(state, new StreamError("not-authorized", { text: "this stream has one direction" }));
  const pair: DomainPair = { local: to, remote: from };
  if (mayComeIn(facts, pair)) return serverStep(state, answer(pair, { type: "valid" }));
  // The answer to the first one is the answer to this one.
  if (facts.pairs.incoming.has(keyOfPair(pair))) return serverStep(state);
  const host = servedHost(facts.side, to);
  const refusal = refusalOf(state, pair, host);
  // No reason to close a stream on which others talk. [xep0220-2.2.1-03] [xep0220-2.5-01]
  if (refusal !== undefined) return serverStep(state, answer(pair, { type: "error", condition: refusal }));
  if (facts.channel === undefined) return verify(state, { ...pair, standing: "verifying", key });
  if (from === facts.remote && facts.verdict !== undefined)
    return judge(state, { ...pair, standing: "checking", key }, facts.verdict);
  const pairs = withIncoming(facts.pairs, { ...pair, standing: "checking", key });
  return serverStep(withFacts(state, { pairs }), { type: "checkPeer", ...pair });
}

/** Why a pair is refused before anything is looked up. XEP-0220 §2.5 */
function refusalOf(
  { facts }: OpenServerStream,
  { remote }: DomainPair,
  host: ServerHost | undefined,
): DialbackCondition | undefined {
  if (host === undefined) return "item-not-found";
  // Nobody else is one of us.
  if (servedHost(facts.side, remote) !== undefined) return "not-acceptable";
  if (!host.admits(remote)) return "policy-violation";
  if (facts.channel === undefined && host.security !== "plain") return "policy-violation";
  const limits = { ...defaultServerStreamLimits, ...facts.side.limits };
  const incoming = [...facts.pairs.incoming.values()];
  const open = incoming.filter(({ standing }) => standing !== "authorized").length;
  if (incoming.length >= limits.pairsMax || open >= limits.openVerificationsMax) return "resource-constraint";
  return undefined;
}

/** What a good certificate proves no key needs to. */
function judge(state: OpenServerStream, asked: IncomingPair, verdict: PeerVerdict): ServerStep<ServerStreamState> {
  const { local, remote } = asked;
  if (verdict.trusted) return letIn(state, asked, "certificate", answer(asked, { type: "valid" }));
  const reason = objectionTo(verdict, servedHost(state.facts.side, local));
  if (reason !== undefined) {
    const refused = refuse(state, asked, "not-authorized");
    const event = { name: "peer-not-trusted", remote, reason } as const;
    return serverStep(refused.state, { type: "log", event }, ...refused.effects);
  }
  return verify(state, { ...asked, standing: "verifying" });
}

function verify(state: OpenServerStream, asked: IncomingPair): ServerStep<OpenServerStream> {
  const { key, local, remote } = asked;
  const pairs = withIncoming(state.facts.pairs, asked);
  // Elsewhere: who sent the key cannot be asked. [xep0220-2.2.1-01] [xep0288-2.2-03]
  return serverStep(withFacts(state, { pairs }), { type: "verifyKey", local, remote, id: state.facts.id, key });
}

/** To checkPeer, of a domain that wants to send for a further pair. */
export function receivePairChecked(
  state: OpenServerStream,
  answered: ServerAnswer & { readonly type: "peerChecked" },
): ServerStep<ServerStreamState> {
  const asked = state.facts.pairs.incoming.get(keyOfPair(answered));
  return asked?.standing === "checking" ? judge(state, asked, answered) : serverStep(state);
}

/** To verifyKey. */
export function receiveKeyVerified(
  state: OpenServerStream,
  { id, outcome, ...pair }: ServerAnswer & { readonly type: "keyVerified" },
): ServerStep<ServerStreamState> {
  const { facts } = state;
  const asked = facts.pairs.incoming.get(keyOfPair(pair));
  if (asked?.standing !== "verifying" || id !== facts.id) return serverStep(state);
  switch (outcome.type) {
    case "valid":
      return letIn(state, asked, "dialback", answer(asked, outcome));
    case "invalid":
      return refuseImpostor(state, asked);
    default:
      return refuse(state, asked, conditionForInitiator(outcome.condition));
  }
}

/** [xep0220-2.5-03] */
function conditionForInitiator(condition: DialbackCondition): DialbackCondition {
  return condition === "item-not-found" ? "remote-server-not-found" : condition;
}

/** Somebody who is not who they say. Others who share the stream with them need not suffer. [xep0220-2.2.1-06] */
function refuseImpostor(state: OpenServerStream, { local, remote }: DomainPair): ServerStep<ServerStreamState> {
  const log = { type: "log", event: { name: "key-invalid", local, remote } } as const;
  if (heldPairs(state.facts).length > 0) {
    // [xep0220-2.2.1-08] [xep0220-2.1.2-07]
    const refused = refuse(state, { local, remote }, "forbidden");
    return serverStep(refused.state, log, ...refused.effects);
  }
  const refusal = { type: "invalid" } as const;
  // [xep0220-2.2.1-07]
  return close(
    state,
    { type: "failed", failure: { type: "pairRefused", refusal } },
    log,
    answer({ local, remote }, refusal),
    { type: "pairRefused", ways: "in", local, remote, refusal },
  );
}

function refuse(
  state: OpenServerStream,
  { local, remote }: DomainPair,
  condition: DialbackCondition,
): ServerStep<OpenServerStream> {
  const pairs = withoutIncoming(state.facts.pairs, { local, remote });
  const refusal = { type: "error", condition } as const;
  return serverStep(withFacts(state, { pairs }), answer({ local, remote }, refusal), {
    type: "pairRefused",
    ways: "in",
    local,
    remote,
    refusal,
  });
}

/** [xep0220-2.2.1-04] [xep0220-2.2.1-05] */
function answer({ local, remote }: DomainPair, verdict: DialbackVerdict): ServerEffect {
  const element = buildDialback({ name: "result", from: local, to: remote, id: undefined, key: "", verdict });
  return { type: "send", element };
}

/** `<db:verify>KEY</db:verify>`: is it one of ours? We are the Authoritative Server. XEP-0220 §2.2.2 */
export function receiveVerification(state: OpenServerStream, asked: DialbackElement): ServerStep<ServerStreamState> {
  const { facts } = state;
  if (state.role === "initiating" && !facts.bidirectional)
    return failStream(state, new StreamError("not-authorized", { text: "this stream has one direction" }));
  // Swapped, with the id as it came. [xep0220-2.2.2-02]
  const { from: to, id, to: from } = asked;
  const verdict = verdictOn(state, asked);
  // Not even an unknown host ends the stream. [xep0220-2.2.2-01]
  return serverStep(withFacts(state, { consulted: true }), {
    type: "send",
    element: buildDialback({ name: "verify", from, to, id, key: "", verdict }),
  });
}

function verdictOn({ facts }: OpenServerStream, { from, id = "", key, to }: DialbackElement): DialbackVerdict {
  const host = servedHost(facts.side, to);
  if (host === undefined) return { type: "error", condition: "item-not-found" };
  if (!host.admits(from) || (facts.channel === undefined && host.security !== "plain"))
    return { type: "error", condition: "policy-violation" };
  const ours = facts.side.dialbackKey({ receiving: from, originating: to, id });
  return { type: equalBytes(encodeUtf8(ours), encodeUtf8(key)) ? "valid" : "invalid" };
}

export function servedHost(side: ServerSide, domain: DomainPair["local"]): ServerHost | undefined {
  const found = side.host(domain);
  return found.type === "served" ? found.host : undefined;
}
