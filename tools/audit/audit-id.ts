import type { CitingPlace } from "../conformance/citing-places.ts";
import { parseProgram } from "../conformance/syntax.ts";
import { applyMutation, showMutation } from "./mutation.ts";
import { placeMutations } from "./place-mutations.ts";
import { runCarryingTests, type CarryingRun } from "./run-carrying-tests.ts";
import type { WorkCopy } from "./work-copy.ts";

/** What became of one place that cites a requirement when it was broken. */
export interface BrokenPlace {
  readonly label: string;
  readonly outcome: "noticed" | "not noticed" | "cannot be broken";
  /** What was done, and who noticed it. */
  readonly detail: string;
}

export interface AuditedId {
  readonly id: string;
  /** Every place that can be broken was, each was noticed, and there is at least one. */
  readonly noticed: boolean;
  /** What is wrong, other than with a place. */
  readonly fault?: string;
  readonly places: readonly BrokenPlace[];
}

/** What an audit works on. */
export interface AuditedTree {
  readonly copy: WorkCopy;
  readonly texts: ReadonlyMap<string, string>;
  readonly places: ReadonlyMap<string, readonly CitingPlace[]>;
  /** The files of the tests that carry each id. */
  readonly tests: ReadonlyMap<string, readonly string[]>;
}

/** Breaks each place that cites a requirement, one at a time, and looks whether a test with its id fails. */
export async function auditId(id: string, tree: AuditedTree): Promise<AuditedId> {
  const places = tree.places.get(id) ?? [];
  const files = tree.tests.get(id) ?? [];
  const failure = (fault: string): AuditedId => ({ id, noticed: false, fault, places: [] });
  if (files.length === 0) return failure("no test carries it");
  if (places.length === 0) return failure("no program cites it: cite it where the rule is obeyed");
  const began = performance.now();
  const unbroken = await runUnbroken(id, files, tree);
  if (unbroken === undefined) return failure(`its tests do not pass unbroken (${files.join(", ")})`);
  const msMax = Math.min(runMsMax, runMsMin + 10 * (performance.now() - began));
  const broken: BrokenPlace[] = [];
  for (const place of places) broken.push(await breakPlace({ id, place, files, tree, msMax, mode: unbroken }));
  const isNoticed = broken.some(({ outcome }) => outcome === "noticed");
  return {
    id,
    noticed: isNoticed && broken.every(({ outcome }) => outcome !== "not noticed"),
    places: broken,
    ...(!isNoticed &&
      broken.every(({ outcome }) => outcome === "cannot be broken") && {
        fault: "nothing that can be broken cites it: cite it where the rule is obeyed",
      }),
  };
}

const runMsMin = 10_000;
const runMsMax = 90_000;

/** How to run the tests so that they are found; undefined when they do not pass as they are. */
async function runUnbroken(
  id: string,
  files: readonly string[],
  { copy }: AuditedTree,
): Promise<"pattern" | "whole" | undefined> {
  for (const mode of ["pattern", "whole"] as const) {
    const run = await runCarryingTests({ root: copy.root, id, mode, files, msMax: runMsMax });
    if (run.failed !== undefined || run.hung) return undefined;
    if (run.passed > 0) return mode;
  }
  return undefined;
}

async function breakPlace(options: {
  readonly id: string;
  readonly place: CitingPlace;
  readonly files: readonly string[];
  readonly tree: AuditedTree;
  readonly msMax: number;
  readonly mode: "pattern" | "whole";
}): Promise<BrokenPlace> {
  const { id, place, files, tree, msMax, mode } = options;
  const { label, path, nodes } = place;
  const text = tree.texts.get(path) ?? "";
  const mutations = placeMutations(text, nodes).filter((mutation) => isProgram(applyMutation(text, mutation)));
  for (const mutation of mutations) {
    tree.copy.write(path, applyMutation(text, mutation));
    let run: CarryingRun;
    try {
      run = await runCarryingTests({ root: tree.copy.root, id, mode, files, msMax });
    } finally {
      tree.copy.write(path, text);
    }
    const told = showMutation(text, mutation);
    if (run.hung) return { label, outcome: "noticed", detail: `${told}; a test never ended` };
    if (run.failed !== undefined) return { label, outcome: "noticed", detail: `${told}; noticed by: ${run.failed}` };
    if (run.loaded) return { label, outcome: "not noticed", detail: told };
    // What does not even load shows nothing about the rule: the next way may.
  }
  const detail =
    mutations.length > 0
      ? `broken, the program does not load (${nodes.at(-1)?.type})`
      : `it cites the requirement at what is not run (${nodes.at(-1)?.type})`;
  return { label, outcome: "cannot be broken", detail };
}

function isProgram(text: string): boolean {
  try {
    parseProgram(text);
    return true;
  } catch {
    return false;
  }
}
