import { posix } from "node:path";
import { lineOf } from "./code-text.ts";
import type { SourceFile } from "./source-files.ts";
import type { Violation } from "./violation.ts";

/**
 * Links between documents lead somewhere: to a file or folder that is there, and to a heading that it has.
 *
 * @param paths all files of the repository
 */
export function documentLinks(files: readonly SourceFile[], paths: readonly string[]): readonly Violation[] {
  const there = new Set(paths.flatMap((path) => [path, ...foldersOf(path)]));
  const headings = new Map(files.filter(isDocument).map(({ path, text }) => [path, anchorsOf(text)]));
  return files.filter(isDocument).flatMap(({ path, text }) => {
    const prose = withoutCode(text);
    return [...prose.matchAll(/\]\(([^)\s]+)\)/gu)].flatMap((match): readonly Violation[] => {
      const [target = "", anchor] = (match[1] ?? "").split("#");
      if (/^[a-z+]+:/u.test(target)) return [];
      const at = { path, line: lineOf(prose, match.index) };
      const file = target === "" ? path : posix.join(posix.dirname(path), target).replace(/\/$/u, "");
      if (!there.has(file)) return [{ ...at, message: `links to ${target}, which is not there` }];
      if (anchor === undefined || headings.get(file)?.has(anchor) === true) return [];
      return [{ ...at, message: `links to ${file}#${anchor}, but that document has no such heading` }];
    });
  });
}

function isDocument({ path }: SourceFile): boolean {
  return path.endsWith(".md");
}

function foldersOf(path: string): readonly string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join("/"));
}

/** Headings as link targets, the way that forges write them. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...withoutCode(text).matchAll(/^#{1,6} +(.+?) *$/gmu)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-"),
  );
  return new Set(headings);
}

/** Blanks fenced blocks and code spans of one line, whose brackets are no links; back-ticks inside a link's text stay. */
function withoutCode(text: string): string {
  return text
    .replaceAll(/^```[\s\S]*?^```/gmu, (block) => block.replaceAll(/[^\n]/gu, " "))
    .replaceAll(/`[^`\n]*\]\([^`\n]*`/gu, (span) => " ".repeat(span.length));
}
