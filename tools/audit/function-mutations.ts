import type { Node } from "@babel/types";
import { childrenOf, spanOf } from "../conformance/syntax.ts";
import type { Mutation } from "./mutation.ts";

export type FunctionNode = Extract<
  Node,
  {
    readonly type:
      | "FunctionDeclaration"
      | "FunctionExpression"
      | "ArrowFunctionExpression"
      | "ObjectMethod"
      | "ClassMethod"
      | "ClassPrivateMethod";
  }
>;

export function isFunction(node: Node): node is FunctionNode {
  return functionTypes.has(node.type);
}

/**
 * Breaks a function that has a block for a body: one that answers yes or no answers the contrary, any other does nothing and
 * returns what says least.
 */
export function functionMutations(text: string, node: FunctionNode): readonly Mutation[] {
  const { body } = node;
  if (body.type !== "BlockStatement") return [];
  const { start, end } = spanOf(body);
  const returned = returnTypeOf(node);
  if (returned === "boolean") {
    const contrary = contraryBody(text, body, node.async);
    return [{ what: "answers the contrary", start, end, replacement: contrary }];
  }
  const kept = body.body.filter((statement) => isSuperCall(statement)).map((one) => textOf(text, one));
  const value = leastValues[returned];
  return [
    {
      what: value === "" ? "does nothing" : `only ${value}`,
      start,
      end,
      replacement: `{ ${[...kept, value].join(" ")} }`,
    },
  ];
}

/** Whether the function's signature says that it answers yes or no. */
export function answersYesOrNo(node: FunctionNode): boolean {
  return returnTypeOf(node) === "boolean";
}

const functionTypes = new Set<Node["type"]>([
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
  "ObjectMethod",
  "ClassMethod",
  "ClassPrivateMethod",
]);

type Returned = "boolean" | "list" | "string" | "number" | "else";

const leastValues: Readonly<Record<Returned, string>> = {
  boolean: "",
  list: "return [];",
  string: 'return "broken";',
  number: "return 0;",
  else: "",
};

function returnTypeOf({ returnType, generator }: FunctionNode): Returned {
  if (returnType?.type !== "TSTypeAnnotation" || generator === true) return "else";
  return returnedBy(returnType.typeAnnotation);
}

function returnedBy(type: Node): Returned {
  switch (type.type) {
    case "TSBooleanKeyword":
      return "boolean";
    case "TSTypePredicate":
      return type.asserts === true ? "else" : "boolean";
    case "TSArrayType":
      return "list";
    case "TSTypeOperator":
      return returnedBy(type.typeAnnotation);
    case "TSStringKeyword":
      return "string";
    case "TSNumberKeyword":
      return "number";
    case "TSTypeReference": {
      const isPromise = type.typeName.type === "Identifier" && type.typeName.name === "Promise";
      const promised = type.typeArguments?.params[0];
      return isPromise && promised !== undefined ? returnedBy(promised) : "else";
    }
    default:
      return "else";
  }
}

/** The body with each of its own returns negated. */
function contraryBody(text: string, body: Node, isAsync: boolean): string {
  const returns = ownReturns(body).toSorted((a, b) => spanOf(b).start - spanOf(a).start);
  const { start, end } = spanOf(body);
  return returns.reduce(
    (changed, argument) => {
      const from = spanOf(argument).start - start;
      const to = spanOf(argument).end - start;
      return `${changed.slice(0, from)}!(${isAsync ? "await " : ""}(${changed.slice(from, to)}))${changed.slice(to)}`;
    },
    text.slice(start, end),
  );
}

/** What a block returns, without what functions inside it return. */
function ownReturns(node: Node): readonly Node[] {
  if (node.type === "ReturnStatement") return node.argument ? [node.argument] : [];
  return childrenOf(node).flatMap((child) => (isFunction(child) ? [] : ownReturns(child)));
}

function isSuperCall(node: Node): boolean {
  return (
    node.type === "ExpressionStatement" &&
    node.expression.type === "CallExpression" &&
    node.expression.callee.type === "Super"
  );
}

function textOf(text: string, node: Node): string {
  const { start, end } = spanOf(node);
  return text.slice(start, end);
}
