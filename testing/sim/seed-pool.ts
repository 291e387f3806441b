import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Hits } from "./hits.ts";
import type { WorldKind } from "./play-command.ts";

/** What came of one seed. */
export interface SeedResult {
  readonly seed: number;
  readonly violations: readonly string[];
  /** Hash of everything that happened. */
  readonly trace: string;
  /** Stanzas that clients sent. */
  readonly stanzas: number;
  readonly faults: number;
  readonly hits: Readonly<Hits>;
  readonly ms: number;
}

/**
 * Runs seeds in as many threads as there are cores.
 *
 * @param options.done told of each seed, in no particular order; false ends the run
 */
export async function runSeeds(options: {
  readonly seeds: readonly number[];
  readonly kind: WorldKind;
  readonly workers?: number | undefined;
  readonly done: (result: SeedResult) => boolean | void;
}): Promise<void> {
  const { seeds, done, kind, workers = availableParallelism() } = options;
  let next = 0;
  let stopped = false;
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL("./seed-worker.ts", import.meta.url));
    try {
      for (let seed = seeds[next++]; seed !== undefined && !stopped; seed = seeds[next++])
        if (done(await askWorker(worker, { ...kind, seed })) === false) stopped = true;
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, seeds.length) }, work));
}

/** A seed to play, and in what kind of world. */
export interface SeedOrder extends WorldKind {
  readonly seed: number;
}

function askWorker(worker: Worker, order: SeedOrder): Promise<SeedResult> {
  const { promise, resolve, reject } = Promise.withResolvers<SeedResult>();
  worker.once("message", (result: SeedResult) => {
    worker.removeListener("error", reject);
    resolve(result);
  });
  worker.once("error", reject);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is not a window
  worker.postMessage(order);
  return promise;
}
