import { parse } from "@babel/parser";
import { askedWordsName } from "./asked-words.ts";

/** The name by which instrumented programs reach their counters. */
export const countersName = "__balconyFuzzCounters";
const local = "__counters";
const asked = "__asked";

/** A module that counts how often each of its blocks is entered. */
export interface InstrumentedModule {
  readonly code: string;
  /** How many counters it has; they are numbered from where it was told to begin. */
  readonly counters: number;
  /** Texts that it mentions: what its comparisons are likely to ask for. */
  readonly words: readonly string[];
}

/**
 * Puts a counter into every function, branch, loop, case and short-circuited operand of a TypeScript module, also where
 * an `else` is only implied. Lines stay where they are, so that a stack trace tells the line of the source.
 *
 * Comparisons and switches of texts go by {@link AskedWords}.
 *
 * @param firstCounter the number of its first counter
 * @param listOfWords takes the words of a switch and gives them a number
 */
export function instrument(
  code: string,
  firstCounter: number,
  listOfWords: (words: readonly string[]) => number,
): InstrumentedModule {
  const { program } = parse(code, {
    sourceType: "module",
    plugins: ["typescript"],
    attachComment: false,
    createParenthesizedExpressions: true,
  });
  const instrumenter = new Instrumenter(firstCounter, listOfWords);
  instrumenter.visit(program);
  return {
    code: instrumenter.apply(code),
    counters: instrumenter.next - firstCounter,
    words: [...instrumenter.words],
  };
}

interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

type Parts = Readonly<Record<string, unknown>>;

class Instrumenter {
  next: number;
  readonly words = new Set<string>();
  /** In the order of the walk: what opens is noted on the way in, what closes on the way out. */
  readonly #insertions: { readonly at: number; readonly text: string; readonly skip: number }[] = [];

  readonly #listOfWords: (words: readonly string[]) => number;

  constructor(firstCounter: number, listOfWords: (words: readonly string[]) => number) {
    this.next = firstCounter;
    this.#listOfWords = listOfWords;
  }

  apply(code: string): string {
    let result = `const ${local}=globalThis.${countersName},${asked}=globalThis.${askedWordsName};`;
    let from = 0;
    for (const { at, skip, text } of this.#insertions.toSorted((a, b) => a.at - b.at)) {
      result += code.slice(from, at) + text;
      from = at + skip;
    }
    return result + code.slice(from);
  }

  visit(node: unknown): void {
    if (Array.isArray(node)) for (const each of node) this.visit(each);
    else if (isNode(node)) this.#visitNode(node, { ...node });
  }

  #visitNode(node: SyntaxNode, parts: Parts): void {
    if (node.type.startsWith("Import") || (node.type.startsWith("Export") && isNode(parts["source"]))) return;
    const { wrapped, entered } = countedParts(node, parts);
    for (const word of wordsOf(node, parts)) this.words.add(word);
    const compared = comparedParts(node, parts);
    const choices = choicesOf(node, parts);
    for (const child of childrenOf(parts)) {
      if (child === compared?.left) {
        this.#insert(child.start, `${compared.negated ? "!" : ""}${asked}.same((`);
        this.#visitNode(child, { ...child });
        // The operator between the two goes.
        this.#insertions.push({ at: child.end, text: "),(", skip: compared.right.start - child.end });
        continue;
      }
      if (child === compared?.right) {
        this.#visitNode(child, { ...child });
        this.#insert(child.end, "))");
        continue;
      }
      if (choices.length > 0 && child === parts["discriminant"]) {
        this.#insert(child.start, `${asked}.among((`);
        this.#visitNode(child, { ...child });
        this.#insert(child.end, `),${this.#listOfWords(choices)})`);
        continue;
      }
      if (entered === child) this.#insert(child.start + 1, `${this.#count()};`);
      if (isWordOfCall(node, parts, child)) {
        this.#insert(child.start, `${asked}.word(`);
        this.#insert(child.end, ")");
        this.#visitNode(child, { ...child });
        continue;
      }
      const around = wrapped.get(child);
      if (around === "statement") this.#insert(child.start, `{${this.#count()};`);
      if (around === "expression") this.#insert(child.start, `(${this.#count()},`);
      if (around === "before") this.#insert(child.start, `${this.#count()};`);
      this.#visitNode(child, { ...child });
      if (around === "statement") this.#insert(child.end, "}");
      if (around === "expression") this.#insert(child.end, ")");
    }
    if (node.type === "IfStatement" && !isNode(parts["alternate"])) this.#insert(node.end, `else{${this.#count()}}`);
  }

  #insert(at: number, text: string): void {
    this.#insertions.push({ at, text, skip: 0 });
  }

  #count(): string {
    return `${local}[${this.next++}]++`;
  }
}

type Around = "statement" | "expression" | "before";

interface CountedParts {
  /** Children that get a counter, and how. */
  readonly wrapped: ReadonlyMap<unknown, Around>;
  /** The block that is entered by it. */
  readonly entered: unknown;
}

function countedParts({ type }: SyntaxNode, parts: Parts): CountedParts {
  const { alternate, body, consequent, right } = parts;
  const none = new Map<unknown, Around>();
  switch (type) {
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ClassMethod":
    case "ClassPrivateMethod":
    case "ObjectMethod":
    case "CatchClause":
      return { wrapped: none, entered: body };
    case "ArrowFunctionExpression":
      return isNode(body) && body.type === "BlockStatement"
        ? { wrapped: none, entered: body }
        : { wrapped: new Map([[body, "expression"]]), entered: undefined };
    case "IfStatement":
      return {
        wrapped: new Map([
          [consequent, "statement"],
          [alternate, "statement"],
        ]),
        entered: undefined,
      };
    case "ForStatement":
    case "ForInStatement":
    case "ForOfStatement":
    case "WhileStatement":
    case "DoWhileStatement":
      return { wrapped: new Map([[body, "statement"]]), entered: undefined };
    case "SwitchCase": {
      const first: unknown = Array.isArray(consequent) ? consequent[0] : undefined;
      return { wrapped: new Map([[first, "before"]]), entered: undefined };
    }
    case "ConditionalExpression":
      return {
        wrapped: new Map([
          [consequent, "expression"],
          [alternate, "expression"],
        ]),
        entered: undefined,
      };
    case "LogicalExpression":
    case "AssignmentPattern":
      return { wrapped: new Map([[right, "expression"]]), entered: undefined };
    case "AssignmentExpression":
      return /^(?:\|\||&&|\?\?)=$/u.test(String(parts["operator"]))
        ? { wrapped: new Map([[right, "expression"]]), entered: undefined }
        : { wrapped: none, entered: undefined };
    default:
      return { wrapped: none, entered: undefined };
  }
}

const wordLengthMin = 2;
const wordLengthMax = 64;

function wordsOf({ type }: SyntaxNode, parts: Parts): readonly string[] {
  const value =
    type === "StringLiteral" ? parts["value"] : type === "TemplateElement" ? cookedOf(parts["value"]) : undefined;
  if (typeof value !== "string" || value.length < wordLengthMin || value.length > wordLengthMax) return [];
  return [value];
}

function cookedOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "cooked" in value ? value.cooked : undefined;
}

interface ComparedParts {
  readonly left: SyntaxNode;
  readonly right: SyntaxNode;
  readonly negated: boolean;
}

/** The sides of a comparison that may be one of texts. */
function comparedParts({ type }: SyntaxNode, { left, operator, right }: Parts): ComparedParts | undefined {
  if (type !== "BinaryExpression" || (operator !== "===" && operator !== "!==")) return undefined;
  return isNode(left) && isNode(right) && mayBeText(left) && mayBeText(right)
    ? { left, right, negated: operator === "!==" }
    : undefined;
}

function mayBeText(node: SyntaxNode): boolean {
  if (/^(?:Numeric|Null|Boolean|BigInt)Literal$|^UnaryExpression$/u.test(node.type)) return false;
  return !("name" in node && node.name === "undefined");
}

function isWordOfCall({ type }: SyntaxNode, { arguments: given }: Parts, child: SyntaxNode): boolean {
  return type === "CallExpression" && Array.isArray(given) && given.includes(child) && isWord(child);
}

function isWord(node: SyntaxNode): boolean {
  return wordsOf(node, { ...node }).length > 0 && node.type === "StringLiteral";
}

/** The texts that a switch asks for. */
function choicesOf({ type }: SyntaxNode, parts: Parts): readonly string[] {
  const { cases } = parts;
  if (type !== "SwitchStatement" || !Array.isArray(cases)) return [];
  return cases.flatMap((choice: { readonly test?: unknown }) =>
    isNode(choice.test) ? wordsOf(choice.test, { ...choice.test }) : [],
  );
}

/** In the order of the source. A shorthand property has one node twice. */
function childrenOf(parts: Parts): readonly SyntaxNode[] {
  const children = Object.values(parts).flatMap((part): readonly unknown[] => (Array.isArray(part) ? part : [part]));
  const nodes = new Set(children.filter(isNode));
  return [...nodes].toSorted((a, b) => a.start - b.start);
}

function isNode(value: unknown): value is SyntaxNode {
  return (
    typeof value === "object" &&
    value !== null &&
    "type" in value &&
    "start" in value &&
    "end" in value &&
    typeof value.type === "string" &&
    typeof value.start === "number" &&
    typeof value.end === "number"
  );
}
