import { filesNamedIn, importsOf } from "./imports.ts";
import { isTest, type SourceFile } from "./source-files.ts";
import type { Violation } from "./violation.ts";

/** Every program is started, tested or imported by another one; what nothing reaches is removed. */
export function deadFiles(files: readonly SourceFile[]): readonly Violation[] {
  const reached = new Set(files.flatMap(reachedFrom));
  return files
    .map(({ path }) => path)
    .filter((path) => path.endsWith(".ts") && !isStarted(path) && !reached.has(path))
    .map((path) => ({ path, message: "is imported by nothing: remove it, or the part that needs it is missing" }));
}

function reachedFrom(file: SourceFile): readonly string[] {
  if (file.path.endsWith(".ts")) {
    const imported = importsOf(file).flatMap(({ target }) => (target.kind === "file" ? [target.path] : []));
    return [...imported, ...filesNamedIn(file)].filter((path) => path !== file.path);
  }
  // package.json and the launcher name the programs that people start.
  return file.path === "package.json" || file.path === "balcony"
    ? [...file.text.matchAll(/(?<![\w-])[\w-][\w./-]*\.ts\b/gu)].map(([path]) => path)
    : [];
}

/** Found by its place or name rather than by an import. */
function isStarted(path: string): boolean {
  return (
    isTest(path) ||
    path.endsWith(".d.ts") ||
    path.endsWith(".scenario.ts") ||
    /^(?:bench|tools|testing\/fuzz\/targets)\/[\w-]+\.ts$/u.test(path)
  );
}
