import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Supported } from "../generate/supported.ts";
import type { SourceFile } from "../tidy/source-files.ts";
import type { CarriedIds } from "./carried-ids.ts";
import { placesById } from "./citing-places.ts";
import { claimProblems, completeClaims } from "./complete-claims.ts";
import { coverageOf, type Coverage } from "./coverage.ts";
import { dataFile, readDataFile, type WrittenStatement } from "./data-file.ts";
import { conformanceDocument } from "./document.ts";
import { picture } from "./picture.ts";
import { readRegistry } from "./registry.ts";

/** What a run of all tests shows of the requirements. */
export interface ConformanceReport {
  /** Contradictions, and claims that nothing stands behind; each a line. */
  readonly problems: readonly string[];
  /** Requirements that were tested when the table was written and are not now; each a line. */
  readonly lost: readonly string[];
  /** Where the table that is there says something else; each a line. */
  readonly stale: readonly string[];
  /** Requirements with tests, but cited by no program: the audit cannot break anything for them. */
  readonly placeless: readonly string[];
  /** The generated files by path. */
  readonly texts: ReadonlyMap<string, string>;
  readonly coverage: Coverage;
}

/**
 * Makes the table of requirements and compares it with the one that is there.
 *
 * @param options.carried what the passing tests carry: of all tests, or the table would lose some
 * @param options.supported what modules say that they implement
 */
export function conformanceReport(options: {
  readonly root: string;
  readonly files: readonly SourceFile[];
  readonly carried: CarriedIds;
  readonly supported: readonly Supported[];
}): ConformanceReport {
  const { root, files, carried, supported } = options;
  const coverage = coverageOf({ registry: readRegistry(files), tests: carried.byId, places: placesById(files) });
  const claims = completeClaims(supported, coverage);
  const texts = new Map([
    ["docs/conformance.md", conformanceDocument(coverage, claims)],
    [dataPath, dataFile(coverage)],
    ["docs/conformance.svg", picture(coverage.covered)],
  ]);
  const statements = coverage.covered.flatMap((document) => document.statements);
  const before = writtenBefore(root);
  const states = new Map<string, string>(statements.map(({ id, state }) => [id, state]));
  return {
    coverage,
    texts,
    problems: [...coverage.problems, ...carried.problems, ...claimProblems(claims)],
    lost: before
      .filter(({ id, state }) => state === "tested" && states.get(id) !== "tested")
      .map(({ id, tests }) => `${id} was tested (${tests[0] ?? ""}) and is ${states.get(id) ?? "gone"}`),
    stale: [...texts].flatMap(([path, text]) => staleness({ root, path, text, before })),
    placeless: statements
      .filter(
        ({ state, places, saidAgainBy }) => state === "tested" && places.length === 0 && saidAgainBy === undefined,
      )
      .map(({ id, tests }) => `${id} (${tests[0]?.file ?? ""})`),
  };
}

/** What the table said that the last `npm run conformance` wrote. */
export function writtenBefore(root: string): readonly WrittenStatement[] {
  const path = join(root, dataPath);
  return existsSync(path) ? readDataFile(readFileSync(path, "utf8")) : [];
}

const dataPath = "docs/conformance.json";

function staleness(options: {
  readonly root: string;
  readonly path: string;
  readonly text: string;
  readonly before: readonly WrittenStatement[];
}): readonly string[] {
  const { root, path, text, before } = options;
  const there = existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : undefined;
  if (there === text) return [];
  if (there === undefined) return [`${path} is missing`];
  if (path !== dataPath) return [`${path} is out of date`];
  const old = new Map(before.map((statement) => [statement.id, statement]));
  const changed = readDataFile(text).flatMap(({ id, state, tests }) => {
    const was = old.get(id);
    if (was?.state !== state) return [`${id}: ${was?.state ?? "unknown"} there, ${state} here`];
    return was.tests.join("\n") === tests.join("\n") ? [] : [`${id}: other tests`];
  });
  const more = changed.length > changesShownMax ? [`and ${changed.length - changesShownMax} more`] : [];
  const shown = [...changed.slice(0, changesShownMax), ...more];
  return [`${path} is out of date${shown.length === 0 ? "" : ` (${shown.join("; ")})`}`];
}

const changesShownMax = 10;
