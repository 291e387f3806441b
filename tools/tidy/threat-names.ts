import { lineOf } from "./code-text.ts";
import { codeOf, isTest, type SourceFile } from "./source-files.ts";
import type { Violation } from "./violation.ts";

/** Attacks and subtle points that code and tests cite, such as `(A27)`, are explained in docs/threats.md. */
export function threatNames(files: readonly SourceFile[]): readonly Violation[] {
  const list = files.find(({ path }) => path === "docs/threats.md")?.text ?? "";
  const known = new Set([...list.matchAll(/^\| +([AS]\d+) +\|/gmu)].map(([, name]) => name));
  return files
    .filter(({ path }) => path.endsWith(".ts") && !path.startsWith("tools/tidy/"))
    .flatMap((file) =>
      [...citing(file).matchAll(/(?<![\w-])([AS]\d{1,2})(?![\w-])/gu)].flatMap((match): readonly Violation[] => {
        if (known.has(match[1])) return [];
        const line = lineOf(file.text, match.index);
        return [{ path: file.path, line, message: `cites ${match[1]}, which docs/threats.md does not explain` }];
      }),
    );
}

/** Comments; in tests also the lines that name one. */
function citing(file: SourceFile): string {
  const { path, text } = file;
  const { comments } = codeOf(file);
  if (!isTest(path)) return comments;
  const names = text.replaceAll(/[^\n]*/gu, (line) =>
    /\b(?:test|describe)\(["'`]|\bname: ["'`]/u.test(line) ? line : " ".repeat(line.length),
  );
  return comments.replaceAll(" ", (_, at: number) => names[at] ?? " ");
}
