import { readlinkSync } from "node:fs";
import { getPriority, setPriority } from "node:os";

/** How much less this thread is worth to the scheduler than the loop: a tenth of the time where both want all of it. */
const niceness = 10;

/**
 * Lets the thread that calls it step back behind the process's others where there are fewer cores than threads. Commits are
 * grouped, so that they lose nothing by waiting: more of them become one. The loop does, and everybody with it.
 *
 * Only Linux has priorities of threads; elsewhere nothing happens.
 */
export function stepBehindTheLoop(): void {
  try {
    const thread = Number(readlinkSync("/proc/thread-self").split("/").at(-1));
    setPriority(thread, Math.min(getPriority(thread) + niceness, 19));
  } catch {
    // No such thing here, or it is not allowed: all threads are worth the same then.
  }
}
