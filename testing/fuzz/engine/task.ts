import type { Finding } from "./finding.ts";
import type { PlantedCode } from "./instrumented-imports.ts";

/** What one thread is to do. */
export interface FuzzTask {
  readonly target: string;
  readonly seed: number;
  readonly guided: boolean;
  /** It ends after so long or so many, whichever comes first, or, if `untilFound`, with the first finding. */
  readonly milliseconds: number;
  readonly executionsMax: number;
  readonly untilFound: boolean;
  /** What was learned before. */
  readonly inputs: readonly string[];
  readonly planted: PlantedCode | undefined;
  /** The input that is being tried; see CurrentInput. */
  readonly current: SharedArrayBuffer;
}

export interface FuzzProgress {
  readonly executions: number;
  /** Blocks of the modules that were reached, of all that they have. */
  readonly entered: number;
  readonly blocks: number;
  readonly inputs: number;
}

/** What a thread tells. */
export type FuzzNews =
  | { readonly type: "progress"; readonly progress: FuzzProgress }
  | { readonly type: "learned"; readonly input: string }
  | {
      readonly type: "done";
      readonly progress: FuzzProgress;
      readonly findings: readonly Finding[];
      /** The fewest inputs that go everywhere that all of them go; none where it ended before it had tried what was kept before. */
      readonly kept: readonly string[];
    };

/** What a thread is told: an input that another one of the same target has learned, or to end and report. */
export type FuzzWord = { readonly type: "hint"; readonly input: string } | { readonly type: "end" };
