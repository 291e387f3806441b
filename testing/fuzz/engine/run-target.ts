import type { Finding } from "./finding.ts";
import { type FuzzThread, runThread } from "./run-thread.ts";
import type { FuzzProgress, FuzzTask } from "./task.ts";

/** What became of a target. */
export interface TargetReport {
  readonly progress: FuzzProgress;
  readonly cpuSeconds: number;
  readonly findings: readonly Finding[];
  /** Inputs worth keeping. */
  readonly kept: readonly string[];
}

export interface TargetOptions extends Omit<FuzzTask, "current"> {
  /** Threads that work on it, each by its own chance, and tell each other what they learn. */
  readonly threads: number;
  readonly progressed: (progress: FuzzProgress) => void;
  /** Ends it before its time, with a report of what there is. */
  readonly end: AbortSignal;
}

/** Fuzzes one target in one or more threads. */
export async function runTarget(options: TargetOptions): Promise<TargetReport> {
  const { end, progressed, threads: count, ...task } = options;
  const progress: FuzzProgress[] = [];
  const threads: FuzzThread[] = [];
  for (let index = 0; index < count; index++) {
    const thread = runThread(
      { ...task, seed: task.seed + index },
      {
        progressed: (news) => {
          progress[index] = news;
          progressed(sum(progress));
        },
        learned: (input) => {
          for (const other of threads) if (other !== thread) other.tell({ type: "hint", input });
        },
      },
    );
    threads.push(thread);
  }
  const endAll = (): void => threads.forEach((thread) => thread.tell({ type: "end" }));
  end.addEventListener("abort", endAll);
  // Who was interrupted while the target was loaded is not told of it any more.
  if (end.aborted) endAll();
  try {
    const reports = await Promise.all(threads.map((thread) => thread.report));
    const findings = new Map(reports.flatMap((report) => report.findings.map((found) => [found.signature, found])));
    // Each knows what the others learned, so one of them says it all.
    const most = reports.toSorted((a, b) => b.progress.entered - a.progress.entered)[0];
    return {
      progress: sum(reports.map((report) => report.progress)),
      cpuSeconds: reports.reduce((total, report) => total + report.cpuSeconds, 0),
      findings: [...findings.values()],
      kept: most?.kept ?? [],
    };
  } finally {
    end.removeEventListener("abort", endAll);
    for (const thread of threads) thread.stop();
  }
}

function sum(all: readonly FuzzProgress[]): FuzzProgress {
  const known = all.filter((progress) => progress !== undefined);
  const most = (property: keyof FuzzProgress): number => Math.max(0, ...known.map((progress) => progress[property]));
  return {
    executions: known.reduce((total, progress) => total + progress.executions, 0),
    entered: most("entered"),
    blocks: most("blocks"),
    inputs: most("inputs"),
  };
}
