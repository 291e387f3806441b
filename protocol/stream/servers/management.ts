import { detachString } from "#protocol/detach-string.ts";
import { isStanza } from "#protocol/stanza/stanza-kind.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_DIALBACK, NS_SM } from "#protocol/xml/namespaces.ts";
import { errorOfUnknown } from "../receiving/unknown.ts";
import { buildSm, readSm, type SmReading } from "../sm/elements.ts";
import { StreamError } from "../stream-error.ts";
import { isBidiRequest } from "./bidi-elements.ts";
import { receiveDialback } from "./dialback.ts";
import type { HeldPair } from "./domain-pair.ts";
import { askForSm, withFacts } from "./establishing.ts";
import { failStream, giveUp } from "./leaving.ts";
import { heldPairs, mayComeIn, mayGoOut, type PairTable, withIncoming, withOutgoing } from "./pair-table.ts";
import type { ServerEffect } from "./server-effect.ts";
import type { ServerAnswer } from "./server-input.ts";
import type {
  OpenServerStream,
  ServerInitiatingState,
  ServerReceivingState,
  ServerStreamState,
} from "./server-state.ts";
import { type ServerStep, serverStep } from "./server-step.ts";

/** What is left for the machine once a pair is authorized: everything that is no stanza. */
export function receiveWhenEstablished(state: OpenServerStream, element: XmlElement): ServerStep<ServerStreamState> {
  if (element.ns === NS_SM) return receiveSm(state, element);
  if (element.ns === NS_DIALBACK) return receiveDialback(state, element);
  if (isStanza(element)) return serverStep(state, { type: "stanza", element });
  if (isBidiRequest(element) && state.role === "receiving") return receiveBidi(state);
  return failStream(state, errorOfUnknown(element));
}

/** From now on every pair holds both ways. XEP-0288 §2.2 */
export function receiveBidi(state: ServerReceivingState): ServerStep<ServerStreamState> {
  const { bidirectional, offer } = state.facts;
  if (bidirectional) return serverStep(state);
  if (!offer.bidi)
    return failStream(state, new StreamError("not-authorized", { text: "two directions are not offered" }));
  return serverStep(withFacts(state, { bidirectional: true }), { type: "bidirectional" });
}

/** XEP-0198 between servers: whoever connected asks. */
function receiveSm(state: OpenServerStream, element: XmlElement): ServerStep<ServerStreamState> {
  const read = readSm(element);
  const enabled = state.facts.sm === "enabled";
  switch (read.type) {
    case "r":
      return enabled ? serverStep(state, { type: "ackRequested" }) : refused(state, "stream management is off");
    case "a":
      return enabled
        ? serverStep(state, { type: "ackReceived", h: read.h })
        : refused(state, "stream management is off");
    // [xep0198-4-01]
    case "malformed":
      return failStream(state, new StreamError("bad-format", { text: `malformed ${read.name}` }));
    default:
      return state.role === "receiving" ? receiveSmRequest(state, read) : receiveSmReply(state, read);
  }
}

function refused(state: OpenServerStream, text: string): ServerStep<ServerStreamState> {
  return failStream(state, new StreamError("policy-violation", { text }));
}

function receiveSmRequest(state: ServerReceivingState, request: SmReading): ServerStep<ServerStreamState> {
  if (request.type !== "enable" && request.type !== "resume")
    return refused(state, `${request.type} is for the other side to send`);
  // One attempt is all. [xep0198-3-11] [xep0198-3-12]
  if (state.facts.sm !== "unasked") return refused(state, "stream management was asked for before");
  if (!state.facts.offer.sm)
    return serverStep(state, {
      type: "send",
      element: buildSm({ type: "failed", condition: "feature-not-implemented" }),
    });
  // The stanzas that follow count, so they wait until counting has begun.
  if (request.type === "enable")
    return serverStep(
      { ...state, phase: "enablingSm" },
      { type: "pauseInput" },
      { type: "enableSm", resume: request.resume, secondsMax: request.secondsMax },
    );
  const { h, previous } = request;
  return serverStep(
    { ...state, phase: "resumingSm", facts: { ...state.facts, resuming: previous } },
    { type: "pauseInput" },
    { type: "resumeSm", previous, h, pairs: heldPairs(state.facts) },
  );
}

/** To enableSm and resumeSm. */
export function receiveSmAnswer(
  state: ServerReceivingState,
  answer: ServerAnswer & { readonly type: "smEnabled" | "smFailed" | "smResumed" },
): ServerStep<ServerStreamState> {
  const open: ServerReceivingState = { ...state, phase: "established" };
  switch (answer.type) {
    case "smEnabled": {
      if (state.phase !== "enablingSm") return serverStep(state);
      const element = buildSm({ type: "enabled", resume: answer.resumption !== undefined, ...answer.resumption });
      // [xep0198-3-03] [xep0198-5-03]
      return serverStep(withFacts(open, { sm: "enabled" }), { type: "send", element }, { type: "resumeInput" });
    }
    case "smResumed": {
      if (state.phase !== "resumingSm") return serverStep(state);
      const taken = takeUp(withFacts(open, { sm: "enabled" }), answer.pairs);
      return serverStep(
        taken.state,
        { type: "send", element: buildSm({ type: "resumed", previous: state.facts.resuming ?? "", h: answer.h }) },
        ...taken.effects,
        { type: "resumeInput" },
      );
    }
    default: {
      const { condition, h } = answer;
      // Who could not resume may begin anew. [xep0198-5-17]
      const sm = state.phase === "enablingSm" ? "refused" : "unasked";
      const element = buildSm({ type: "failed", condition, h });
      return serverStep(withFacts(open, { sm }), { type: "send", element }, { type: "resumeInput" });
    }
  }
}

/** What was authorized on the former stream is so on the one that goes on with it. */
function takeUp<State extends OpenServerStream>(state: State, former: readonly HeldPair[]): ServerStep<State> {
  let pairs: PairTable = state.facts.pairs;
  const news: ServerEffect[] = [];
  for (const { local, remote, ways } of former) {
    const comesIn = ways !== "out" && !mayComeIn({ ...state.facts, pairs }, { local, remote });
    const goesOut = ways !== "in" && !mayGoOut({ ...state.facts, pairs }, { local, remote });
    if (comesIn) pairs = withIncoming(pairs, { local, remote, standing: "authorized", key: "" });
    if (goesOut) pairs = withOutgoing(pairs, { local, remote, standing: "authorized" });
    if (comesIn || goesOut) news.push({ type: "pairAuthorized", local, remote, ways, by: "resumption" });
  }
  return serverStep(withFacts(state, { pairs }), ...news);
}

function receiveSmReply(state: ServerInitiatingState, reply: SmReading): ServerStep<ServerStreamState> {
  if (reply.type !== "enabled" && reply.type !== "failed")
    return refused(state, `${reply.type} is for the other side to send`);
  if (state.facts.sm !== "asked") return serverStep(state);
  if (reply.type === "failed")
    return serverStep(withFacts(state, { sm: "refused" }), {
      type: "smFailed",
      condition: reply.condition,
      h: undefined,
    });
  return serverStep(withFacts(state, { sm: "enabled" }), {
    type: "smEnabled",
    // It outlives what it was cut from.
    id: reply.resume && reply.id !== undefined ? detachString(reply.id) : undefined,
    secondsMax: reply.secondsMax,
    location: reply.location,
  });
}

/** To `<resume/>`. XEP-0198 §5 */
export function receiveResumeReply(state: ServerInitiatingState, element: XmlElement): ServerStep<ServerStreamState> {
  // The stream is open in the peer's eyes: what dialback it speaks goes on.
  if (element.ns === NS_DIALBACK) return receiveDialback(state, element);
  const previous = state.errand.sm?.previous;
  const reply = element.ns === NS_SM ? readSm(element) : undefined;
  if (reply?.type === "resumed" && previous !== undefined && reply.previous === previous.id) {
    const taken = takeUp(
      withFacts<ServerInitiatingState>({ ...state, phase: "established" }, { sm: "enabled" }),
      previous.pairs,
    );
    const { language } = state.facts;
    return serverStep(
      taken.state,
      ...taken.effects,
      { type: "stopTimer", timer: "negotiation" },
      { type: "established", how: "resumed", language, h: reply.h },
    );
  }
  if (reply?.type === "failed")
    // The former stream is lost, but not this one. [xep0198-5-17]
    return askForSm(state, { type: "smFailed", condition: reply.condition, h: reply.h });
  // With two directions the peer may have begun to talk.
  if (isStanza(element)) return serverStep(state, { type: "stanza", element });
  return giveUp(state, { type: "protocol", text: `${element.name} is no answer to a resumption` });
}
