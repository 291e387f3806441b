// Runs the seeds that it is sent, one after the other.

import { parentPort } from "node:worker_threads";
import { brokeDown } from "./broke-down.ts";
import { generateScenario } from "./generate-scenario.ts";
import { noHits } from "./hits.ts";
import { runScenario } from "./run-scenario.ts";
import type { SeedOrder, SeedResult } from "./seed-pool.ts";

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is not a window
const answer = (result: SeedResult): void => parentPort?.postMessage(result);

parentPort?.on("message", ({ seed, servers, ...how }: SeedOrder) => {
  const began = performance.now();
  const elapsedMs = (): number => performance.now() - began;
  runScenario(generateScenario(seed, servers, how)).then(
    ({ violations, trace, stanzas, faults, hits }) =>
      answer({ seed, violations, trace, stanzas, faults, hits, ms: elapsedMs() }),
    (error: unknown) => {
      answer({
        seed,
        violations: [brokeDown(error)],
        trace: "",
        stanzas: 0,
        faults: 0,
        hits: noHits(),
        ms: elapsedMs(),
      });
    },
  );
});
