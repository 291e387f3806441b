import { documentName } from "../generate/support.ts";
import type { Supported } from "../generate/supported.ts";
import type { CoveredDocument, Coverage, CoveredStatement } from "./coverage.ts";
import { isWithinSection } from "./registry.ts";

/** What is said to be complete, and what the registry has on it. */
export interface CompleteClaim {
  readonly title: string;
  readonly places: readonly string[];
  /** What servers must do; undefined where the document is not covered statement by statement yet. */
  readonly required: readonly CoveredStatement[] | undefined;
  /** Those of them that no test covers, though nothing excuses them. */
  readonly missing: readonly CoveredStatement[];
}

/** Holds every module to its word: what it calls complete has a passing test for each thing that servers must do. */
export function completeClaims(supported: readonly Supported[], coverage: Coverage): readonly CompleteClaim[] {
  return supported
    .filter(({ status }) => status === "complete")
    .map((entry) => {
      const document = coverage.covered.find(({ name }) => name === registryName(entry));
      const required = document === undefined ? undefined : requiredOf(document, entry);
      return {
        title: `${documentName(entry)}${hasSections(entry) ? ` §${entry.version}` : ""}`,
        places: entry.places,
        required,
        missing: (required ?? []).filter(({ state, waitsFor }) => state === "open" && waitsFor === undefined),
      };
    });
}

/** One line for each requirement that is missing. */
export function claimProblems(claims: readonly CompleteClaim[]): readonly string[] {
  return claims.flatMap(({ title, places, missing }) =>
    missing.map(
      ({ id, level, line }) =>
        `${places.join(", ")} says that ${title} is complete, but no passing test covers ${id} (${level}): ${line}`,
    ),
  );
}

/** Whether the level leaves no choice. */
export function isRequired(level: string): boolean {
  return /^(?:MUST|SHALL|REQUIRED)\b/u.test(level);
}

function requiredOf({ statements }: CoveredDocument, entry: Supported): readonly CoveredStatement[] {
  const sections = hasSections(entry) ? entry.version.split(/,\s*/u) : undefined;
  return statements
    .filter(({ level, roles }) => isRequired(level) && roles.includes("server"))
    .filter(({ section }) => sections?.some((wanted) => isWithinSection(section, wanted)) ?? true);
}

/** The version of an RFC is the sections that are meant. */
function hasSections({ rfc, version }: Supported): boolean {
  return rfc !== undefined && version !== "all";
}

function registryName({ rfc, xep }: Supported): string {
  return rfc === undefined ? `xep${String(xep).padStart(4, "0")}` : `rfc${rfc}`;
}
