import { unreachable } from "#protocol/assert.ts";
import { isStanza } from "#protocol/stanza/stanza-kind.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_SM } from "#protocol/xml/namespaces.ts";
import { readSm } from "./sm/elements.ts";
import type { StreamEnd } from "./stream-end.ts";
import type { StreamEffect } from "./stream-effect.ts";
import type { StreamInput } from "./stream-input.ts";
import { type Step, step } from "./step.ts";

type Role = "receiving" | "initiating";

/** The last two phases are the same for both roles. */
export type EndingState = Closing | Ended;

/** We have sent our closing tag and wait for the peer's; what it still sends is passed up or ignored, never answered. */
export interface Closing {
  readonly phase: "closing";
  readonly role: Role;
  /** What to report when the peer has closed too. */
  readonly end: StreamEnd;
  /** Whether stanzas that still come are wanted: after an orderly close of an established stream. [rfc6120-4.4-01] */
  readonly listening: boolean;
}

export interface Ended {
  readonly phase: "ended";
  readonly role: Role;
}

/** What ending can lead to, between servers as well. */
export type EndingEffect = Extract<
  StreamEffect,
  {
    readonly type: "sendClose" | "startTimer" | "stopTimer" | "disconnect" | "ended" | "stanza" | "ackReceived";
  }
>;

/** What our closing tag takes, behind whatever else is sent. */
export const closingEffects: readonly EndingEffect[] = [
  { type: "sendClose" },
  { type: "stopTimer", timer: "negotiation" },
  { type: "startTimer", timer: "closing" },
];

/** What the end of a transport takes, behind whatever is sent. */
export function endEffects(end: StreamEnd): readonly EndingEffect[] {
  return [
    { type: "stopTimer", timer: "negotiation" },
    { type: "stopTimer", timer: "closing" },
    { type: "disconnect" },
    { type: "ended", end },
  ];
}

/** Sends the closing tag behind `before` and gives the peer time to do the same. */
export function closeAndWait(
  role: Role,
  options: { readonly end: StreamEnd; readonly listening: boolean },
  ...before: readonly StreamEffect[]
): Step<EndingState> {
  return step(
    // Not over before the peer has closed too. [rfc6120-4.4-01]
    { role, phase: "closing", ...options },
    ...before,
    ...closingEffects,
  );
}

/** The transport is to be closed behind what was sent. */
export function endNow(role: Role, end: StreamEnd, ...before: readonly StreamEffect[]): Step<EndingState> {
  return step({ role, phase: "ended" }, ...before, ...endEffects(end));
}

/** What happens after we have closed. */
export function receiveWhenEnding(
  state: EndingState,
  input: StreamInput,
): { readonly state: EndingState; readonly effects: readonly EndingEffect[] } {
  if (state.phase === "ended") return unchanged(state);
  switch (input.type) {
    case "element":
      // [rfc6120-4.4-01]
      return state.listening ? { state, effects: lateElement(input.element) } : unchanged(state);
    case "closed":
    case "disconnected":
    case "fault":
      return over(state, state.end);
    case "timeout":
      if (input.timer !== "closing") return unchanged(state);
      return over(state, state.end.type === "closed" ? { type: "closeTimedOut" } : state.end);
    case "opened":
    case "keepAlive":
    case "secured":
    case "credentials":
    case "credentialsKept":
    case "tokens":
    case "tokenIssued":
    case "derived":
    case "authorized":
    case "authenticationFailed":
    case "earlyReply":
    case "bound":
    case "bindFailed":
    case "smEnabled":
    case "smResumed":
    case "smFailed":
    case "close":
      return unchanged(state);
    default:
      return unreachable(input);
  }
}

/** Stanzas that were on their way, and the acks that tell which of ours arrived. */
function lateElement(element: XmlElement): readonly EndingEffect[] {
  if (isStanza(element)) return [{ type: "stanza", element }];
  const ack = element.ns === NS_SM ? readSm(element) : undefined;
  return ack?.type === "a" ? [{ type: "ackReceived", h: ack.h }] : [];
}

function unchanged(state: EndingState): { readonly state: EndingState; readonly effects: readonly EndingEffect[] } {
  return { state, effects: [] };
}

function over({ role }: EndingState, end: StreamEnd): ReturnType<typeof unchanged> {
  return { state: { role, phase: "ended" }, effects: endEffects(end) };
}
