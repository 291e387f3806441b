import { readCode } from "./code-text.ts";
import type { SourceFile } from "./source-files.ts";
import type { Violation } from "./violation.ts";

/** A feature is one folder with all that belongs to it: a README, the program, its elements and a test. */
export function featureFolders(files: readonly SourceFile[]): readonly Violation[] {
  const folders = Map.groupBy(
    files.filter(({ path }) => /^(?:im|xep)\//u.test(path)),
    folderOf,
  );
  return [...folders].flatMap(([folder, inside]) =>
    missing(folder, inside).map((message) => ({ path: folder, message })),
  );
}

function missing(folder: string, files: readonly SourceFile[]): readonly string[] {
  const found: string[] = [];
  const has = (pattern: RegExp) => files.some(({ path }) => pattern.test(path));
  if (folder.startsWith("xep/") && !/^xep\/\d{4}-[a-z0-9]+(?:-[a-z0-9]+)*$/u.test(folder))
    found.push("is not called NNNN-name");
  if (!has(/\/README\.md$/u)) found.push("has no README.md that says what it does, what it does not, and why");
  if (!has(/(?<!\.test)\.ts$/u)) found.push("holds no program");
  if (!has(/\.test\.ts$/u)) found.push("has no test");
  const declaring = files.filter(
    ({ path, text }) => path.endsWith(".ts") && !path.endsWith(".test.ts") && declares(text),
  );
  for (const { path } of declaring)
    if (!path.endsWith("/elements.ts"))
      found.push(`declares elements in ${path}: they belong into elements.ts, where other features may use them`);
  return found;
}

/** Whether a program declares elements of its own at module scope. */
function declares(text: string): boolean {
  return /^(?:export )?const \w+(?:: [^=]+)? = element\(/mu.test(readCode(text).code);
}

function folderOf({ path }: SourceFile): string {
  return path.split("/").slice(0, 2).join("/");
}
