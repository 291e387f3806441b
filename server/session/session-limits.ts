import { defaultSmQueueLimits, type SmQueueLimits } from "#protocol/stream/sm/queue.ts";

/** Bounds of one session. */
export interface SessionLimits {
  /** How long a cut stream can be resumed, in seconds; 0 for never. */
  readonly resumeSecondsMax: number;
  readonly unacknowledged: SmQueueLimits;
}

export const defaultSessionLimits: SessionLimits = { resumeSecondsMax: 600, unacknowledged: defaultSmQueueLimits };
