import { importsOf } from "./imports.ts";
import type { SourceFile } from "./source-files.ts";
import type { Violation } from "./violation.ts";

/**
 * No two files need each other, by whatever detour: each can be read, started and tested after those it builds on. What is
 * imported for its type counts as well, except where types are one another's definition.
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

/**
 * Where types may speak of one another: the kit's contracts (an account has sessions, a session has its account), an
 * element and what it is made of, and the players of testing/, who know one another.
 */
const definedByOneAnother: readonly RegExp[] = [/^kit\//u, /^protocol\/xml\/element(?:-parts)?\.ts$/u, /^testing\//u];

function targetsOf(file: SourceFile): readonly string[] {
  const friends = definedByOneAnother.find((pattern) => pattern.test(file.path));
  return importsOf(file).flatMap(({ target, typeOnly }) => {
    if (target.kind !== "file" || (typeOnly && friends?.test(target.path) === true)) return [];
    return [target.path];
  });
}
