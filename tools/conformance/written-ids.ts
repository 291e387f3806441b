import { readCode } from "../tidy/code-text.ts";
import { isHandWritten, isTest, type SourceFile } from "../tidy/source-files.ts";

/** Where each id is written, found without running anything. */
export interface WrittenIds {
  /** Test files by id. A test names an id in a string, or in a table beside it. */
  readonly tests: ReadonlyMap<string, readonly string[]>;
  /** Programs by id. A program cites one in a comment. */
  readonly code: ReadonlyMap<string, readonly string[]>;
}

/** Looks for requirement ids in the texts of tests and programs. */
export function writtenIds(files: readonly SourceFile[]): WrittenIds {
  const tests = new Map<string, string[]>();
  const code = new Map<string, string[]>();
  for (const { path, text } of files) {
    if (!anyId.test(text)) continue;
    if (isTableOfTests(path)) for (const id of new Set(idsIn(text))) note(tests, id, path);
    if (!path.endsWith(".ts")) continue;
    const into = isTest(path) ? tests : isProgram(path) ? code : undefined;
    if (into === undefined) continue;
    for (const id of new Set(idsIn(isTest(path) ? withoutComments(text) : readCode(text).comments)))
      note(into, id, path);
  }
  return { tests, code };
}

/** Whether this is data whose rows a test beside it turns into tests, each with the id of its row in its name. */
function isTableOfTests(path: string): boolean {
  return /\/tables\/[^/]+\.json$/u.test(path);
}

function note(into: Map<string, string[]>, id: string, path: string): void {
  const known = into.get(id);
  if (known === undefined) into.set(id, [path]);
  else known.push(path);
}

/** Whether rules of the protocol are enforced in this file: a program that is neither a test nor a tool nor generated. */
export function isProgram(path: string): boolean {
  return (
    /^(?:protocol|kit|im|xep|server|cli)\/.*\.ts$/u.test(path) &&
    !isTest(path) &&
    isHandWritten(path) &&
    !path.includes("/testing/")
  );
}

/** The ids in a text, in brackets or bare. */
export function idsIn(text: string): readonly string[] {
  return [...text.matchAll(/(?<![\w-])(?:rfc|xep)\d{4}-[0-9A-Z]+(?:\.\d+)*-\d{2}(?!\w)/gu)].map(([id]) => id);
}

const anyId = /(?:rfc|xep)\d{4}-/u;

function withoutComments(text: string): string {
  const { comments } = readCode(text);
  const units = comments.split("");
  return text
    .split("")
    .map((unit, at) => (units[at] === " " ? unit : " "))
    .join("");
}
