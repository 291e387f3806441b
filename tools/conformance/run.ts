import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { collectSupport } from "../generate/support.ts";
import type { Supported } from "../generate/supported.ts";
import { loadModules } from "../generate/load-modules.ts";
import { findFeatures } from "../generate/module-list.ts";
import { runTests } from "../test-run/run-tests.ts";
import { readSources } from "../tidy/source-files.ts";
import { CarriedIds } from "./carried-ids.ts";
import { countStates } from "./counts.ts";
import { conformanceReport, type ConformanceReport } from "./report.ts";

export interface ConformanceRun {
  readonly root: string;
  /** Write the table rather than only compare it. */
  readonly write: boolean;
  /** Write it also when a requirement is no longer tested that was. */
  readonly acceptLost: boolean;
  /** Tell which test files cost most. */
  readonly slowest?: boolean;
  readonly print: (line: string) => void;
  /** What the modules claim; by default those of the repository. */
  readonly supported?: readonly Supported[];
}

/**
 * Runs all tests, and checks or writes the table of requirements from what they showed.
 *
 * @returns whether all passed and the table is right
 */
export async function runConformance(run: ConformanceRun): Promise<boolean> {
  const { root, slowest = false, print } = run;
  const carried = new CarriedIds(root);
  const passed = await runTests({ root, words: [], slowest, print, passed: (test) => carried.take(test) });
  if (!passed && !run.write) {
    print("✖ the table of requirements is not checked, since tests failed");
    return false;
  }
  const files = readSources(root);
  const supported = run.supported ?? collectSupport(await loadModules(findFeatures(files)));
  return settle(run, conformanceReport({ root, files, carried, supported })) && passed;
}

function settle({ root, write, acceptLost, print }: ConformanceRun, report: ConformanceReport): boolean {
  const { problems, stale, placeless, texts } = report;
  const lost = acceptLost && write ? [] : report.lost;
  for (const problem of problems) print(`✖ ${problem}`);
  for (const line of lost)
    print(`✖ ${line}: mend its test, or accept the loss with npm run conformance -- --accept-lost`);
  if (!write) for (const line of stale) print(`✖ ${line}: run npm run conformance`);
  if (write && placeless.length > 0)
    print(
      `· tested, but cited by no program: ${placeless.length}\n${placeless.map((line) => `    ${line}`).join("\n")}`,
    );
  const { all, tested, notOurs, waiting, open } = countStates(
    report.coverage.covered.flatMap(({ statements }) => statements),
  );
  print(
    `ℹ requirements ${all}: tested ${tested}, not ours ${notOurs}, waiting ${waiting}, open ${open}; without a place in the code ${placeless.length}`,
  );
  if (!write) return problems.length + lost.length + stale.length === 0;
  if (lost.length > 0) {
    print("✖ nothing is written");
    return false;
  }
  for (const [path, text] of texts) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  // Tests that fail cover nothing, so the table is true also when some did.
  print(`ℹ wrote ${[...texts.keys()].join(", ")}`);
  return problems.length === 0;
}
