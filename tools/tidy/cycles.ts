import { importsOf } from "./imports.ts";
import type { SourceFile } from "./source-files.ts";
import type { Violation } from "./violation.ts";

/**
 * No two files need each other in order to run, by whatever detour: each can be started, and tested, after those it builds
 * on. Types may speak of one another (an account has sessions, a session has its account).
 */
export function cycles(files: readonly SourceFile[]): readonly Violation[] {
  const graph = new Map(files.filter(({ path }) => path.endsWith(".ts")).map((file) => [file.path, targetsOf(file)]));
  const found: Violation[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): void => {
    const from = trail.indexOf(path);
    if (from !== -1) {
      found.push({
        path,
        message: `imports itself: ${[...trail.slice(from), path].join(" → ")}; move what both need into a third file`,
      });
    } else if (!done.has(path)) {
      trail.push(path);
      for (const target of graph.get(path) ?? []) visit(target);
      trail.pop();
      done.add(path);
    }
  };
  for (const path of graph.keys()) visit(path);
  return found;
}

function targetsOf(file: SourceFile): readonly string[] {
  return importsOf(file).flatMap(({ target, typeOnly }) => (target.kind === "file" && !typeOnly ? [target.path] : []));
}
