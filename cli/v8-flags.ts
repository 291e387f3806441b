import { setFlagsFromString } from "node:v8";

/**
 * `--expose-gc`: a server at rest gives back what it does not need (server/release-memory.ts). Set here, ahead of the threads, because what V8
 * compiles is kept by flags.
 *
 * `--no-allocation-site-pretenuring`: V8 makes objects of one place in the program among the old ones at once when many made there were seen to last. Here they
 * do: a message waits for its commit longer than it takes to fill the space of the young. Once made old they stay until
 * the next full collection, dead, and keep alive what they refer to, which makes still more old. Left to itself V8 collects
 * twice as long, and loses 20 ms at once where it now loses 8 (bench `chat-archive`).
 */
export const v8Flags = ["--no-allocation-site-pretenuring", "--expose-gc"];

/** To be called ahead of all else, for the whole process. */
export function setV8Flags(): void {
  for (const flag of v8Flags) setFlagsFromString(flag);
}
