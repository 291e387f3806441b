import { Worker } from "node:worker_threads";
import { CurrentInput } from "./current-input.ts";
import { type Finding, findingOf } from "./finding.ts";
import type { FuzzNews, FuzzProgress, FuzzTask, FuzzWord } from "./task.ts";

/** How one thread ended. */
export interface ThreadReport {
  readonly progress: FuzzProgress;
  readonly cpuSeconds: number;
  readonly findings: readonly Finding[];
  readonly kept: readonly string[];
}

export interface ThreadEars {
  readonly progressed?: (progress: FuzzProgress) => void;
  readonly learned?: (input: string) => void;
}

export interface FuzzThread {
  readonly report: Promise<ThreadReport>;
  readonly tell: (word: FuzzWord) => void;
  /** Ends it at once. */
  readonly stop: () => void;
}

const lookEveryMs = 1_000;
/** One input takes no longer, on a machine that has other things to do as well. */
const inputSecondsMax = 30;
const heapMegabytesMax = 1_024;

const nothingYet: FuzzProgress = { executions: 0, entered: 0, blocks: 0, inputs: 0 };

/** Runs a task in a thread of its own, which an input can neither block for ever nor take down with it unseen. */
export function runThread(
  options: Omit<FuzzTask, "current">,
  ears: ThreadEars = {},
  secondsMax: number = inputSecondsMax,
): FuzzThread {
  const current = new CurrentInput();
  const worker = new Worker(new URL("./fuzz-thread.ts", import.meta.url), {
    workerData: { ...options, current: current.shared } satisfies FuzzTask,
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytesMax },
    name: `fuzz ${options.target}`,
  });
  let progress = nothingYet;
  let cpuSeconds = 0;
  const report = new Promise<ThreadReport>((resolve, reject) => {
    let seen = -1;
    let still = 0;
    const look = setInterval(() => {
      void worker.cpuUsage().then(
        ({ system, user }) => (cpuSeconds = (system + user) / 1e6),
        () => undefined, // it has just ended
      );
      still = current.executions === seen ? still + 1 : 0;
      seen = current.executions;
      // Before the first input it is busy with loading.
      if (seen > 0 && still >= (secondsMax * 1_000) / lookEveryMs)
        giveUp(new Error(`one input took more than ${secondsMax} s`));
    }, lookEveryMs);
    /** What the thread cannot tell any more. */
    const giveUp = (error: unknown): void => {
      const findings = [findingOf(current.input, error)];
      clearInterval(look);
      resolve({ progress: { ...progress, executions: current.executions }, cpuSeconds, findings, kept: [] });
      void worker.terminate();
    };
    worker.on("message", (news: FuzzNews) => {
      if (news.type === "learned") {
        ears.learned?.(news.input);
        return;
      }
      progress = news.progress;
      ears.progressed?.(progress);
      if (news.type === "progress") return;
      clearInterval(look);
      resolve({ progress, cpuSeconds, findings: news.findings, kept: news.kept });
    });
    worker.on("error", (error) => {
      if (current.executions > 0) giveUp(error);
      else {
        clearInterval(look);
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    worker.on("exit", (code) => {
      clearInterval(look);
      reject(new Error(`the thread of ${options.target} ended with ${code}`));
    });
  });
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is a window's, this is a thread's
  return { report, tell: (word) => worker.postMessage(word), stop: () => void worker.terminate() };
}
