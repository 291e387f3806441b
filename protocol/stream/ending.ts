import type { StreamEnd } from "./stream-end.ts";

/** The last two phases are the same for both roles. */
export type EndingState = Closing | Ended;

/** We have sent our closing tag and wait for the peer's; what it still sends is passed up or ignored, never answered. */
export interface Closing {
  readonly phase: "closing";
  readonly role: "receiving" | "initiating";
  /** What to report when the peer has closed too. */
  readonly end: StreamEnd;
  /** Whether stanzas that still come are wanted: after an orderly close of an established stream. [rfc6120-4.4-01] */
  readonly listening: boolean;
}

export interface Ended {
  readonly phase: "ended";
  readonly role: "receiving" | "initiating";
}
