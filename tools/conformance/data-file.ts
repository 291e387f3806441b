import { z } from "zod";
import type { CarryingTest } from "./carried-ids.ts";
import type { Coverage } from "./coverage.ts";

/** The coverage as `docs/conformance.json`: one statement a line, so that a change is a line of the difference. */
export function dataFile({ covered, uncovered }: Coverage): string {
  const documents = covered.map(({ name, statements, features }) => {
    const lines = statements.map(({ notOurs, tests, ...one }) =>
      JSON.stringify({
        ...one,
        tests: [...new Set(tests.map(told))].toSorted(),
        ...(notOurs !== undefined && { reason: notOurs }),
      }),
    );
    const named = features.map((feature) => JSON.stringify(feature));
    return `    ${JSON.stringify(name)}: {\n      "statements": ${list(lines)},\n      "features": ${list(named)}\n    }`;
  });
  const rest = uncovered.map(({ name, ...counts }) => `    ${JSON.stringify(name)}: ${JSON.stringify(counts)}`);
  return `{\n  "documents": {\n${documents.join(",\n")}\n  },\n  "notCoveredYet": {\n${rest.join(",\n")}\n  }\n}\n`;
}

/** What an earlier run wrote: the state of each requirement, and the files of the tests that carry it. */
export interface WrittenStatement {
  readonly id: string;
  readonly state: string;
  /** Each as `file: name`. */
  readonly tests: readonly string[];
  readonly saidAgainBy?: string | undefined;
}

/**
 * Reads `docs/conformance.json`.
 *
 * @throws {Error} when it has another shape
 */
export function readDataFile(text: string): readonly WrittenStatement[] {
  const data = z
    .object({ documents: z.record(z.string(), z.object({ statements: z.array(writtenStatement) })) })
    .parse(JSON.parse(text));
  return Object.values(data.documents).flatMap(({ statements }) => statements);
}

const writtenStatement = z.object({
  id: z.string(),
  state: z.string(),
  tests: z.array(z.string()),
  saidAgainBy: z.string().optional(),
});

function told({ file, name }: CarryingTest): string {
  return `${file}: ${name}`;
}

function list(lines: readonly string[]): string {
  return lines.length === 0 ? "[]" : `[\n        ${lines.join(",\n        ")}\n      ]`;
}
