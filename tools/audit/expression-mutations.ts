import type { Node } from "@babel/types";
import { spanOf } from "../conformance/syntax.ts";
import { functionMutations, isFunction } from "./function-mutations.ts";
import type { Mutation } from "./mutation.ts";

/** Breaks a condition: it becomes its contrary. */
export function negation(text: string, node: Node): Mutation {
  const { start, end } = spanOf(node);
  return { what: "negates", start, end, replacement: `!(${text.slice(start, end)})` };
}

/** Ways to make an expression's value another one, the gentlest first. */
export function expressionMutations(text: string, node: Node): readonly Mutation[] {
  const { start, end } = spanOf(node);
  const become = (what: string, replacement: string): Mutation => ({ what, start, end, replacement });
  const textOf = (part: Node) => text.slice(spanOf(part).start, spanOf(part).end);
  if (isFunction(node)) {
    const { body } = node;
    return body.type === "BlockStatement" ? functionMutations(text, node) : expressionMutations(text, body);
  }
  switch (node.type) {
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "TSNonNullExpression":
    case "ParenthesizedExpression":
      return expressionMutations(text, node.expression);
    case "AwaitExpression":
      return expressionMutations(text, node.argument);
    case "ConditionalExpression":
      return [negation(text, node.test)];
    case "LogicalExpression":
      return node.operator === "??" ? [become("has no other value", textOf(node.left))] : [negation(text, node)];
    case "BinaryExpression":
      return comparisons.has(node.operator)
        ? [negation(text, node)]
        : [become("is only the left side", textOf(node.left)), become("is nothing", "undefined")];
    case "UnaryExpression":
      return node.operator === "!"
        ? [become("negates", `(${textOf(node.argument)})`)]
        : [become("is nothing", "undefined")];
    case "BooleanLiteral":
      return [become("negates", String(!node.value))];
    case "StringLiteral":
    case "TemplateLiteral":
      return [become("is another text", '"broken"')];
    case "NumericLiteral":
      return [become("is another number", node.value === 0 ? "1" : "0")];
    case "RegExpLiteral":
      return [become("matches nothing", "/(?!)/u")];
    case "NullLiteral":
      return [become("is something", "({})")];
    case "Identifier":
      return [node.name === "undefined" ? become("is something", "({})") : become("is nothing", "undefined")];
    case "ObjectExpression":
      return node.properties.length === 0
        ? [become("is nothing", "undefined")]
        : [become("is empty", "({})"), become("is nothing", "undefined")];
    case "ArrayExpression":
      return [node.elements.length === 0 ? become("is nothing", "undefined") : become("is empty", "[]")];
    case "CallExpression":
    case "OptionalCallExpression":
    case "NewExpression":
      return [...callMutations(text, node), become("is nothing", "undefined")];
    case "AssignmentExpression":
      return expressionMutations(text, node.right);
    default:
      return [become("is nothing", "undefined")];
  }
}

const comparisons = new Set(["==", "!=", "===", "!==", "<", "<=", ">", ">=", "in", "instanceof"]);

/** A call in a chain that chooses or orders is left out; one that is given a list or functions is given less. */
function callMutations(
  text: string,
  node: Extract<Node, { readonly type: "CallExpression" | "OptionalCallExpression" | "NewExpression" }>,
): readonly Mutation[] {
  const { start, end } = spanOf(node);
  const { callee } = node;
  const isMember = callee.type === "MemberExpression" || callee.type === "OptionalMemberExpression";
  if (isMember && callee.property.type === "Identifier" && choosingMethods.has(callee.property.name)) {
    const list = text.slice(spanOf(callee.object).start, spanOf(callee.object).end);
    return [{ what: `leaves out ${callee.property.name}`, start, end, replacement: list }];
  }
  const lists = node.arguments.filter(
    (argument) => argument.type === "ArrayExpression" && argument.elements.length > 0,
  );
  return lists.map((list) => ({ what: "is given an empty list", ...spanOf(list), replacement: "[]" }));
}

const choosingMethods = new Set([
  "filter",
  "toSorted",
  "slice",
  "toReversed",
  "trim",
  "replace",
  "replaceAll",
  "toLowerCase",
  "normalize",
]);
