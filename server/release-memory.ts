import { flushCompileCache } from "node:module";
import { getHeapStatistics } from "node:v8";
import { runInNewContext } from "node:vm";
import type { ThreadFigures } from "./at-rest.ts";

/** Of the thread that asks. */
export function threadFigures(): ThreadFigures {
  const { user, system } = process.threadCpuUsage();
  // The platform's memoryUsage opens a file, and throws where there are none left: that must not end the thread (A11).
  return { cpuMs: (user + system) / 1_000, heapBytes: getHeapStatistics().total_heap_size };
}

/**
 * Gives back what this thread holds and does not need: compiled programs, once they are in the cache on disc,
 * garbage, and the room for more. Takes up to half a second.
 */
export function releaseMemory(): void {
  flushCompileCache();
  // V8 knows it where --expose-gc is set (cli/v8-flags.ts). Each thread has one of its own.
  const collect: unknown = runInNewContext("typeof gc === 'undefined' ? undefined : gc");
  // No other kind shrinks the space of the young, which a start blows up to 30 MB.
  if (typeof collect === "function")
    Reflect.apply(collect, undefined, [{ type: "major", execution: "sync", flavor: "last-resort" }]);
}
