import type { Comment, Node } from "@babel/types";
import type { SourceFile } from "../tidy/source-files.ts";
import { enclosing, parseProgram, spanOf } from "./syntax.ts";
import { idsIn, isProgram } from "./written-ids.ts";

/** A place in a program that says which requirements it obeys. */
export interface CitingPlace {
  readonly path: string;
  /** The file with the name that encloses the place: `kit/iq.ts#answerOf`. No line numbers: each edit would change them. */
  readonly label: string;
  readonly ids: readonly string[];
  /** What the comment speaks of, after all that encloses it, from the program down. */
  readonly nodes: readonly Node[];
}

/** The labels of the places that cite each id. */
export function placesById(files: readonly SourceFile[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { ids, label } of files.flatMap(citingPlaces))
    for (const id of ids) {
      const labels = found.get(id);
      if (labels === undefined) found.set(id, [label]);
      else if (!labels.includes(label)) labels.push(label);
    }
  return found;
}

/** Every citing comment of a program, with what it speaks of. */
export function citingPlaces({ path, text }: SourceFile): readonly CitingPlace[] {
  if (!isProgram(path) || !citation.test(text)) return [];
  const file = parsed(path, text);
  const comments = file.comments ?? [];
  return comments.flatMap((comment): readonly CitingPlace[] => {
    const ids = citedIds(comment.value);
    if (ids.length === 0) return [];
    const nodes = subjectOf({ text, comment, comments, program: file.program });
    return [{ path, label: labelOf(path, nodes), ids, nodes }];
  });
}

function parsed(path: string, text: string): ReturnType<typeof parseProgram> {
  try {
    return parseProgram(text);
  } catch (error) {
    throw new Error(`${path} is no TypeScript that can be read`, { cause: error });
  }
}

/** Ids in square brackets: others are only spoken of. */
function citedIds(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/\[([^\]\s]+)\]/gu)].flatMap(([, inner = ""]) => idsIn(inner)))];
}

const citation = /\[(?:rfc|xep)\d{4}-/u;

interface Where {
  readonly text: string;
  readonly comment: Comment;
  readonly comments: readonly Comment[];
  readonly program: Node;
}

/**
 * A comment at the end of a line speaks of what begins on that line, any other of what comes next; one with nothing after it
 * of what encloses it.
 */
function subjectOf(where: Where): readonly Node[] {
  const { text, comment, program } = where;
  const { start, end } = spanOf(comment);
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const isTrailing = text.slice(lineStart, start).trim() !== "" && /^[^\S\n]*(?:\/\/|\n|$)/u.test(text.slice(end));
  if (!isTrailing) return firstNode(where, end, text.length) ?? enclosing(program, start);
  return firstNode(where, lineStart, start) ?? enclosing(program, start);
}

/** The largest node that begins with the first word of a stretch of text, with what encloses it. */
function firstNode({ text, comment, comments, program }: Where, from: number, to: number): readonly Node[] | undefined {
  const outside = spanOf(comment).start;
  for (let at = from; at < to; at += 1) {
    const skipped = comments.find((one) => spanOf(one).start === at);
    if (skipped !== undefined) {
      at = spanOf(skipped).end - 1;
      continue;
    }
    const path = enclosing(program, at);
    const found = path.findIndex((node, depth) => depth > 0 && spanOf(node).start === at);
    if (found !== -1) return withWholeCall(path.slice(0, found + 1));
    // A bracket that closes what the comment stands in: nothing of that follows.
    if (/[)}\]]/u.test(text.charAt(at)) && spanOf(path.at(-1) ?? program).start < outside && from > outside)
      return undefined;
  }
  return undefined;
}

/** A comment before a link of a chain, `.filter(…)`, speaks of the call so far; one before `export`, of what is exported. */
function withWholeCall(path: readonly Node[]): readonly Node[] {
  const node = path.at(-1);
  const member = path.at(-2);
  const call = path.at(-3);
  if (node?.type === "ExportNamedDeclaration" && node.declaration) return [...path, node.declaration];
  const isLink =
    (member?.type === "MemberExpression" || member?.type === "OptionalMemberExpression") && member.property === node;
  if (!isLink) return path;
  const isCall = call?.type === "CallExpression" || call?.type === "OptionalCallExpression";
  return path.slice(0, isCall && call.callee === member ? -2 : -1);
}

function labelOf(path: string, nodes: readonly Node[]): string {
  const names = nodes.flatMap((node): readonly string[] => {
    switch (node.type) {
      case "FunctionDeclaration":
      case "ClassDeclaration":
      case "TSInterfaceDeclaration":
      case "TSTypeAliasDeclaration":
        return node.id ? [node.id.name] : [];
      case "VariableDeclaration": {
        const id = node.declarations[0]?.id;
        return id?.type === "Identifier" ? [id.name] : [];
      }
      case "ClassMethod":
      case "ClassProperty":
        return node.key.type === "Identifier" ? [node.key.name] : [];
      case "ClassPrivateMethod":
      case "ClassPrivateProperty":
        return [`#${node.key.id.name}`];
      default:
        return [];
    }
  });
  const isClass = nodes.some(({ type }) => type === "ClassDeclaration");
  const name = names.slice(0, isClass ? 2 : 1).join(".");
  return name === "" ? path : `${path}#${name}`;
}
