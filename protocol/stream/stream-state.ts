import type { EndingState } from "./ending.ts";
import type { InitiatingState } from "./initiating/state.ts";
import type { ReceivingState } from "./receiving/state.ts";

/** Where a stream is. Both roles end in the same two phases. */
export type StreamState = ReceivingState | InitiatingState | EndingState;
