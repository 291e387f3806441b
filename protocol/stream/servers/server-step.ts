import type { ServerEffect } from "./server-effect.ts";

/** What the machine of a stream between servers answers to an input: where it is now, and what is to be done, in this order. */
export interface ServerStep<State> {
  readonly state: State;
  readonly effects: readonly ServerEffect[];
}

export function serverStep<State>(state: State, ...effects: readonly ServerEffect[]): ServerStep<State> {
  return { state, effects };
}
