import { readCode } from "../tidy/code-text.ts";
import { isHandWritten, isTest, type SourceFile } from "../tidy/source-files.ts";

/**
 * The test files that an id stands in, found without running anything. A test names an id in a string, or in the rows of a
 * table of data that it imports from the folder beside it.
 */
export function testFilesById(files: readonly SourceFile[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  const tables = new Map(files.filter(({ path }) => path.endsWith(".json")).map(({ path, text }) => [path, text]));
  for (const { path, text } of files) {
    if (!isTest(path)) continue;
    const folder = path.slice(0, path.lastIndexOf("/"));
    const rows = [...text.matchAll(/ from "\.(\/[\w/-]+\.json)"/gu)].flatMap(([, table]) =>
      idsIn(tables.get(`${folder}${table}`) ?? ""),
    );
    if (rows.length === 0 && !anyId.test(text)) continue;
    for (const id of new Set([...idsIn(withoutComments(text)), ...rows])) {
      const known = found.get(id);
      if (known === undefined) found.set(id, [path]);
      else known.push(path);
    }
  }
  return found;
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
