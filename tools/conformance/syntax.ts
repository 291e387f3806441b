import { parse } from "@babel/parser";
import type { Comment, File, Node } from "@babel/types";

/** Reads a TypeScript program. */
export function parseProgram(text: string): File {
  return parse(text, { sourceType: "module", plugins: ["typescript"], attachComment: false });
}

/** Where a node or comment stands in its text: from `start` to before `end`. */
export function spanOf(node: Node | Comment): { readonly start: number; readonly end: number } {
  return { start: node.start ?? 0, end: node.end ?? 0 };
}

/** A node's children in no particular order. */
export function childrenOf(node: Node): readonly Node[] {
  return Object.values(node).flatMap((value: unknown) =>
    Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [],
  );
}

/** The nodes that enclose a place, from the program down to the smallest. */
export function enclosing(root: Node, at: number): readonly Node[] {
  const path = [root];
  for (let next: Node | undefined = root; next !== undefined;) {
    next = childrenOf(next).find((child) => spanOf(child).start <= at && at < spanOf(child).end);
    if (next !== undefined) path.push(next);
  }
  return path;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value && !isComment(value.type);
}

function isComment(type: unknown): boolean {
  return type === "CommentBlock" || type === "CommentLine";
}
