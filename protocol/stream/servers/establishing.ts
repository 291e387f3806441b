import { buildSm } from "../sm/elements.ts";
import { bidiRequest } from "./bidi-elements.ts";
import type { DomainPair } from "./domain-pair.ts";
import { withIncoming, withOutgoing } from "./pair-table.ts";
import type { AuthorizedBy, ServerEffect } from "./server-effect.ts";
import type { OpenServerStream, ServerFacts } from "./server-state.ts";
import { type ServerStep, serverStep } from "./server-step.ts";

/** They may send for this pair from now on; the first pair establishes the stream. */
export function letIn(
  state: OpenServerStream,
  pair: DomainPair,
  by: AuthorizedBy,
  ...before: readonly ServerEffect[]
): ServerStep<OpenServerStream> {
  const { local, remote } = pair;
  const pairs = withIncoming(state.facts.pairs, { local, remote, standing: "authorized", key: "" });
  const ways = state.facts.bidirectional ? "both" : "in";
  return establish(withFacts(state, { pairs }), ...before, { type: "pairAuthorized", local, remote, ways, by });
}

/** We may send for this pair from now on; the first pair establishes the stream. */
export function letOut(state: OpenServerStream, pair: DomainPair, by: AuthorizedBy): ServerStep<OpenServerStream> {
  const { local, remote } = pair;
  const pairs = withOutgoing(state.facts.pairs, { local, remote, standing: "authorized" });
  const ways = state.facts.bidirectional ? "both" : "out";
  return establish(withFacts(state, { pairs }), { type: "pairAuthorized", local, remote, ways, by });
}

function establish(state: OpenServerStream, ...before: readonly ServerEffect[]): ServerStep<OpenServerStream> {
  if (state.phase !== "negotiating") return serverStep(state, ...before);
  const { language, offer } = state.facts;
  const { sm } = state.role === "initiating" ? state.errand : {};
  if (state.role === "receiving" || sm === undefined || !offer.sm)
    return serverStep<OpenServerStream>({ ...state, phase: "established" }, ...before, ...opened(language));
  const { previous } = sm;
  if (previous === undefined) return askForSm(state, ...before);
  return serverStep<OpenServerStream>({ ...state, phase: "awaitingResumed" }, ...before, {
    type: "send",
    element: buildSm({ type: "resume", previous: previous.id, h: previous.h }),
  });
}

/** Initiating role: established, and stream management is asked for. [xep0198-3-09] [xep0198-5-01] */
export function askForSm(state: OpenServerStream, ...before: readonly ServerEffect[]): ServerStep<OpenServerStream> {
  const { sm } = state.role === "initiating" ? state.errand : {};
  const element = buildSm({ type: "enable", resume: sm?.resumable ?? false, secondsMax: sm?.secondsMax });
  const next = withFacts(state, { sm: "asked" });
  const established = next.role === "initiating" ? ({ ...next, phase: "established" } as const) : next;
  return serverStep<OpenServerStream>(
    established,
    ...before,
    { type: "send", element },
    { type: "stopTimer", timer: "negotiation" },
    { type: "established", how: "new", language: state.facts.language, smAsked: true },
  );
}

function opened(language: string | undefined): readonly ServerEffect[] {
  return [
    { type: "stopTimer", timer: "negotiation" },
    // [rfc6120-4.3.5-02]
    { type: "established", how: "new", language },
  ];
}

/** Asks for both ways, before anything that authenticates. [xep0288-2.2-01] */
export function askForBidi(facts: ServerFacts): {
  readonly facts: ServerFacts;
  readonly effects: readonly ServerEffect[];
} {
  return {
    facts: { ...facts, bidirectional: true },
    effects: [{ type: "send", element: bidiRequest() }, { type: "bidirectional" }],
  };
}

/** The same stream, with some of what is known of it changed. */
export function withFacts<State extends OpenServerStream>(state: State, changes: Partial<ServerFacts>): State {
  return { ...state, facts: { ...state.facts, ...changes } };
}
