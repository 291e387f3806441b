import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

/** What came of one seed. */
export interface SeedResult {
  readonly seed: number;
  readonly violations: readonly string[];
  /** Hash of everything that happened. */
  readonly trace: string;
  /** Stanzas that clients sent. */
  readonly stanzas: number;
  readonly faults: number;
  readonly ms: number;
}

/**
 * Runs seeds in as many threads as there are cores.
 *
 * @param options.done told of each seed, in no particular order; false ends the run
 */
export async function runSeeds(options: {
  readonly seeds: readonly number[];
  /** How many servers each world has. */
  readonly servers?: number;
  /** Whether each world has an external component. */
  readonly component?: boolean;
  readonly workers?: number | undefined;
  readonly done: (result: SeedResult) => boolean | void;
}): Promise<void> {
  const { seeds, done, servers = 1, component = false, workers = availableParallelism() } = options;
  let next = 0;
  let stopped = false;
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL("./seed-worker.ts", import.meta.url));
    try {
      for (let seed = seeds[next++]; seed !== undefined && !stopped; seed = seeds[next++])
        if (done(await askWorker(worker, { seed, servers, component })) === false) stopped = true;
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, seeds.length) }, work));
}

/** A seed to play, and in what kind of world. */
export interface SeedOrder {
  readonly seed: number;
  readonly servers: number;
  readonly component: boolean;
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
