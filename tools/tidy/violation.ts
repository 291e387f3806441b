import type { SourceFile } from "./source-files.ts";

/** What a rule found: where, and what to do about it. */
export interface Violation {
  readonly path: string;
  readonly line?: number;
  readonly message: string;
}

/** A rule looks at all files at once and names what is not tidy. It is a pure function, so that its tests can plant a violation. */
export type Rule = (files: readonly SourceFile[]) => readonly Violation[];

export function showViolation({ path, line, message }: Violation): string {
  return `${path}${line === undefined ? "" : `:${line}`}: ${message}`;
}
