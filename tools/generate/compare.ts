import { isHandWritten, type SourceFile } from "../tidy/source-files.ts";

/** A generated file that is not what it should be. */
export interface StaleFile {
  readonly path: string;
  readonly why: string;
  /** What it should say; undefined where it should not be. */
  readonly text: string | undefined;
}

/**
 * Compares what the generators make with what is there.
 *
 * @param generated texts by path
 * @param files the repository; a file named `*.generated.ts` that no generator makes is stale too
 */
export function compareGenerated(
  generated: ReadonlyMap<string, string>,
  files: readonly SourceFile[],
): readonly StaleFile[] {
  const present = new Map(files.map(({ path, text }) => [path, text]));
  const differing = [...generated].flatMap(([path, text]): readonly StaleFile[] => {
    const found = present.get(path);
    if (found === text) return [];
    return [{ path, text, why: found === undefined ? "is missing" : "is out of date" }];
  });
  const orphans = [...present.keys()]
    .filter((path) => !isHandWritten(path) && !generated.has(path))
    .map((path): StaleFile => ({ path, text: undefined, why: "is written by no generator" }));
  return [...differing, ...orphans];
}
