import type { StreamEffect } from "./stream-effect.ts";

/** What the machine answers to an input: where it is now, and what is to be done, in this order. */
export interface Step<State> {
  readonly state: State;
  readonly effects: readonly StreamEffect[];
}

export function step<State>(state: State, ...effects: readonly StreamEffect[]): Step<State> {
  return { state, effects };
}
