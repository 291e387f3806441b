import type { Node } from "@babel/types";
import { spanOf } from "../conformance/syntax.ts";
import { expressionMutations, negation } from "./expression-mutations.ts";
import { answersYesOrNo, isFunction } from "./function-mutations.ts";
import type { Mutation } from "./mutation.ts";

/**
 * Ways to break what a citation speaks of, the one that is most like forgetting the rule first. None for what is not there
 * when the program runs (types, imports), and none for a whole class.
 *
 * @param nodes the node that is spoken of, after all that encloses it
 */
export function placeMutations(text: string, nodes: readonly Node[]): readonly Mutation[] {
  const node = nodes.at(-1);
  const parent = nodes.at(-2);
  if (node === undefined) return [];
  const { start, end } = spanOf(node);
  const become = (what: string, replacement: string): Mutation => ({ what, start, end, replacement });
  if (isFunction(node)) return expressionMutations(text, node);
  switch (node.type) {
    case "IfStatement":
      // Not its contrary: that would break what the rule says nothing of, and any test would notice.
      return [{ what: "never takes the branch", ...spanOf(node.test), replacement: "false" }];
    case "WhileStatement":
      return [{ what: "never repeats", ...spanOf(node.test), replacement: "false" }];
    case "ReturnStatement":
      return returnMutations(text, nodes);
    case "VariableDeclaration":
      return declarationMutations(text, node);
    case "ObjectProperty":
      return propertyMutations(text, node, parent);
    case "SpreadElement":
      return [dropped(text, node)];
    case "ClassProperty":
    case "ClassPrivateProperty":
      return node.value ? expressionMutations(text, node.value) : [];
    case "SwitchCase":
      return [become("drops the case", "")];
    case "BlockStatement":
      return enclosedMutations(text, nodes);
    case "CatchClause":
      return [{ what: "lets the error pass", ...spanOf(node.body), replacement: '{ throw new Error("broken"); }' }];
    case "ClassDeclaration":
    case "ClassBody":
    case "Program":
      return [];
    default:
      if (isType(node)) return [];
      if (droppable.has(node.type)) return [become("drops the statement", ";")];
      return operandMutations(text, node, parent);
  }
}

const droppable = new Set<Node["type"]>([
  "ExpressionStatement",
  "ThrowStatement",
  "ForStatement",
  "ForOfStatement",
  "ForInStatement",
  "DoWhileStatement",
  "TryStatement",
  "SwitchStatement",
  "BreakStatement",
  "ContinueStatement",
]);

/** What is gone when the program runs. */
function isType({ type }: Node): boolean {
  const hasValue = type === "TSAsExpression" || type === "TSSatisfiesExpression" || type === "TSNonNullExpression";
  return (type.startsWith("TS") && !hasValue) || type.startsWith("Import") || type.startsWith("Export");
}

function returnMutations(text: string, nodes: readonly Node[]): readonly Mutation[] {
  const node = nodes.at(-1);
  if (node?.type !== "ReturnStatement") return [];
  const { start, end } = spanOf(node);
  const holder = nodes.findLast((one) => isFunction(one));
  const { argument } = node;
  if (argument && holder !== undefined && answersYesOrNo(holder)) return [negation(text, argument)];
  const isNothing = !argument || (argument.type === "Identifier" && argument.name === "undefined");
  if (!isNothing) return expressionMutations(text, argument);
  return [
    ...(isLast(node, holder) ? [] : [{ what: "drops the statement", start, end, replacement: ";" }]),
    { what: "returns something", start, end, replacement: "return {};" },
  ];
}

/** Whether a function ends with the statement anyway, so that nothing changes without it. */
function isLast(node: Node, holder: Node | undefined): boolean {
  if (holder === undefined || !isFunction(holder) || holder.body.type !== "BlockStatement") return false;
  return holder.body.body.at(-1) === node;
}

function declarationMutations(
  text: string,
  { declarations }: Extract<Node, { readonly type: "VariableDeclaration" }>,
): readonly Mutation[] {
  const [first] = declarations;
  if (!first?.init) return [];
  if (first.id.type === "ObjectPattern")
    return [{ what: "takes nothing from it", ...spanOf(first.init), replacement: "({})" }];
  if (first.id.type === "ArrayPattern")
    return [{ what: "takes nothing from it", ...spanOf(first.init), replacement: "[]" }];
  return expressionMutations(text, first.init);
}

function propertyMutations(
  text: string,
  node: Extract<Node, { readonly type: "ObjectProperty" }>,
  parent: Node | undefined,
): readonly Mutation[] {
  if (parent?.type !== "ObjectExpression") return [];
  // Leaving out what is on by default would change nothing.
  if (node.value.type === "BooleanLiteral") return expressionMutations(text, node.value);
  return isFunction(node.value)
    ? [...expressionMutations(text, node.value), dropped(text, node)]
    : [dropped(text, node), ...expressionMutations(text, node.value)];
}

/** A comment that nothing follows in its block: the block is what it speaks of. */
function enclosedMutations(text: string, nodes: readonly Node[]): readonly Mutation[] {
  const holder = nodes.at(-2);
  if (holder === undefined) return [];
  if (isFunction(holder) || holder.type === "CatchClause" || holder.type === "IfStatement")
    return placeMutations(text, nodes.slice(0, -1));
  const block = nodes.at(-1);
  return block === undefined ? [] : [{ what: "does nothing", ...spanOf(block), replacement: "{}" }];
}

/** Part of an expression: a part of a condition becomes its contrary, an element of a list is left out. */
function operandMutations(text: string, node: Node, parent: Node | undefined): readonly Mutation[] {
  if (parent?.type === "ArrayExpression") return [dropped(text, node)];
  const isCondition =
    (parent?.type === "LogicalExpression" && parent.operator !== "??") ||
    (parent?.type === "UnaryExpression" && parent.operator === "!") ||
    ((parent?.type === "ConditionalExpression" ||
      parent?.type === "IfStatement" ||
      parent?.type === "WhileStatement") &&
      parent.test === node);
  return isCondition ? [negation(text, node)] : expressionMutations(text, node);
}

/** An element with the comma after it. */
function dropped(text: string, node: Node): Mutation {
  const { start, end } = spanOf(node);
  const comma = /^(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)*,/u.exec(text.slice(end));
  return {
    what: "leaves out",
    start,
    end: end + (comma?.[0].length ?? 0),
    replacement: "",
  };
}
