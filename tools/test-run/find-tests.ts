import { listFiles } from "../tidy/source-files.ts";

/**
 * The test files to run, as paths relative to the root: those of slow folders first, so that the machine's cores end together.
 *
 * @param words when there are any, only files whose path contains one of them
 */
export function findTests(root: string, words: readonly string[]): readonly string[] {
  return chooseTests(listFiles(root), words);
}

/** The choice that `findTests` makes among the repository's files. */
export function chooseTests(paths: readonly string[], words: readonly string[]): readonly string[] {
  return paths
    .filter((path) => path.endsWith(".test.ts") && !path.startsWith("testing/lab/"))
    .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
    .toSorted((a, b) => slowness(b) - slowness(a) || a.localeCompare(b));
}

function slowness(path: string): number {
  return slowFolders.some((folder) => path.startsWith(folder)) ? 1 : 0;
}

const slowFolders = ["cli/", "server/", "testing/"];
