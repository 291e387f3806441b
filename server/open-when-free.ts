import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { StoreError } from "#kit/storage.ts";

/** How long a store may be another process's until that is an error, in milliseconds. */
export const inUseMsMax = 10_000;
const lookAgainMs = 100;
/** Who waits is told why after the second. */
const toldAfterMs = 1_000;

/** Time that passes, in milliseconds. */
export interface WaitingClock {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/**
 * Opens what one process at a time can have open. A server that starts, or stops, or a command has it only for a moment longer:
 * that is waited for.
 *
 * @param open rejects with a {@link StoreError} `locked` as long as another process has it
 * @param waits told once, when it takes a while
 * @throws what `open` throws; `locked` when the other one does not let go
 */
export async function openWhenFree<T>(
  open: () => Promise<T>,
  waits: () => void,
  clock: WaitingClock = { now: () => performance.now(), sleep },
): Promise<T> {
  const begun = clock.now();
  for (let isTold = false; ;) {
    try {
      return await open();
    } catch (error) {
      const isLocked = error instanceof StoreError && error.kind === "locked";
      if (!isLocked || clock.now() - begun >= inUseMsMax) throw error;
    }
    if (!isTold && clock.now() - begun >= toldAfterMs) {
      isTold = true;
      waits();
    }
    await clock.sleep(lookAgainMs);
  }
}
