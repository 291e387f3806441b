import { isHandWritten, type SourceFile } from "./source-files.ts";
import type { Violation } from "./violation.ts";

/** Lines that a hand-written program may have. The aim is far below: half of the files under 120. */
export const fileLinesMax = 600;

/**
 * A ratchet: no file grows beyond the bound, and those that were longer when it was introduced can only shrink.
 *
 * @param exceptions longer files, each with the lines it has
 */
export function fileLengths(
  files: readonly SourceFile[],
  exceptions: Readonly<Record<string, number>>,
): readonly Violation[] {
  const lengths = new Map(handWritten(files).map((file) => [file.path, linesOf(file)]));
  const tooLong = [...lengths].flatMap(([path, lines]): readonly Violation[] => {
    const allowed = exceptions[path] ?? fileLinesMax;
    return lines > allowed
      ? [{ path, message: `has ${lines} lines, ${allowed} are allowed: move one of its ideas into a file of its own` }]
      : [];
  });
  const loose = Object.entries(exceptions).flatMap(([path, allowed]): readonly Violation[] => {
    const lines = lengths.get(path);
    if (lines === undefined) return [{ path, message: "is listed as too long but is not there: take it off the list" }];
    if (lines <= fileLinesMax) return [{ path, message: "is short enough now: take it off the list of long files" }];
    return lines < allowed
      ? [{ path, message: `has shrunk to ${lines} lines: write that into the list of long files, so that it stays` }]
      : [];
  });
  return [...tooLong, ...loose];
}

/** Median and 95th percentile of the lines of hand-written programs, tests left out. */
export function lengthFigures(files: readonly SourceFile[]): {
  readonly files: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
} {
  const lines = handWritten(files)
    .filter(({ path }) => !path.endsWith(".test.ts"))
    .map(linesOf)
    .toSorted((a, b) => a - b);
  const at = (share: number) => lines[Math.min(lines.length - 1, Math.floor(lines.length * share))] ?? 0;
  return { files: lines.length, median: at(0.5), p95: at(0.95), max: at(1) };
}

function handWritten(files: readonly SourceFile[]): readonly SourceFile[] {
  return files.filter(({ path }) => path.endsWith(".ts") && isHandWritten(path));
}

function linesOf({ text }: SourceFile): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}
