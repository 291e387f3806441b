import type { z } from "zod";
import { childOf, nodeAt, type ConfigNode, type KeyNode, type SectionNode } from "./key-tree.ts";
import { nearest } from "./nearest.ts";

const shownLengthMax = 60;
/** A table with no more keys than this has them all listed for someone who wrote an unknown one. */
const listedKeysMax = 8;

export interface Explanation {
  /** Where in the document. */
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** Says in words what the schema found wrong, and what would be right. */
export function explainIssue(root: SectionNode, document: unknown, issue: z.core.$ZodIssue): readonly Explanation[] {
  const path = issue.path.filter((step) => typeof step !== "symbol");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: [...path, key], text: explainUnknownKey(root, path, key) }));
  }
  const node = nodeAt(root, path);
  const keyPath = path.slice(0, depthOf(root, path, node));
  if (issue.code === "too_big" && issue.origin === "array")
    return [{ path: keyPath, text: explainLength(nameOfPath(path), valueAt(document, path), issue.maximum) }];
  return [{ path: keyPath, text: explainValue(node, keyPath, valueAt(document, keyPath), valueAt(document, path)) }];
}

/** A path as one would write it: `hosts[0].domain` is "domain of the 1st [[hosts]]". */
export function nameOfPath(path: readonly (string | number)[]): string {
  const index = path.findLastIndex((step) => typeof step === "number");
  if (index === -1) return path.join(".");
  const inner = path.slice(index + 1).join(".");
  const outer = `${ordinal(Number(path[index]) + 1)} [[${path.slice(0, index).join(".")}]]`;
  return inner === "" ? `the ${outer}` : `${inner} of the ${outer}`;
}

function explainUnknownKey(root: SectionNode, path: readonly (string | number)[], key: string): string {
  const section = nodeAt(root, path);
  const siblings = section.kind === "section" ? section.children.map(({ name }) => name) : [];
  const where = path.length === 0 ? "" : ` in ${tableName(root, path)}`;
  const unknown = `unknown key ${JSON.stringify(key)}${where}`;
  const meant = nearest(key, siblings);
  if (meant !== undefined) return `${unknown}; did you mean "${meant}"?`;
  const elsewhere = sectionsWith(root, key, []);
  if (elsewhere.length > 0) return `${unknown}; it belongs in ${elsewhere.join(" or ")}`;
  if (siblings.length > 0 && siblings.length <= listedKeysMax) return `${unknown}; known here: ${siblings.join(", ")}`;
  return `${unknown}; see docs/admin/configuration.md`;
}

function explainLength(name: string, value: unknown, max: number | bigint): string {
  const entries = Array.isArray(value) ? `${value.length}` : "more";
  return `${name} has ${entries} entries, but at most ${max} are possible`;
}

function explainValue(node: ConfigNode, path: readonly (string | number)[], value: unknown, part: unknown): string {
  if (node.kind === "section") {
    const name = path.filter((step) => typeof step === "string").join(".");
    const wanted = node.isArray ? `an array of tables, each begun by [[${name}]]` : `a table, begun by [${name}]`;
    return `${nameOfPath(path)} must be ${wanted}`;
  }
  if (value === undefined) return `${nameOfPath(path)} is missing; it must be ${node.facts.allowed}`;
  return `${nameOfPath(path)} is ${shown(node, value)}, but must be ${node.facts.allowed}${meantWord(node, part)}`;
}

function meantWord(node: KeyNode, part: unknown): string {
  if (node.facts.choices === undefined || typeof part !== "string") return "";
  const meant = nearest(part, node.facts.choices);
  return meant === undefined ? "" : `; did you mean "${meant}"?`;
}

function shown(node: KeyNode, value: unknown): string {
  if (node.facts.secret === true) return "something else";
  const text = JSON.stringify(value);
  return text.length > shownLengthMax ? `${text.slice(0, shownLengthMax)}…` : text;
}

function tableName(root: SectionNode, path: readonly (string | number)[]): string {
  const names = path.filter((step) => typeof step === "string").join(".");
  const node = nodeAt(root, path);
  return node.kind === "section" && node.isArray ? `[[${names}]]` : `[${names}]`;
}

/** The tables that do know a key of this name. */
function sectionsWith(section: SectionNode, key: string, path: readonly string[]): readonly string[] {
  const here = childOf(section, key) === undefined || path.length === 0 ? [] : [bracketed(section, path)];
  return [
    ...here,
    ...section.children.flatMap((child) =>
      child.kind === "section" && child.name !== "features" ? sectionsWith(child, key, [...path, child.name]) : [],
    ),
  ];
}

function bracketed(section: SectionNode, path: readonly string[]): string {
  return section.isArray ? `[[${path.join(".")}]]` : `[${path.join(".")}]`;
}

/** How many steps of the path lead to the node: an issue within a list is the list's. */
function depthOf(root: SectionNode, path: readonly (string | number)[], node: ConfigNode): number {
  if (node.kind === "section") return path.length;
  return path.findIndex((_, i) => nodeAt(root, path.slice(0, i + 1)) === node) + 1;
}

function valueAt(document: unknown, path: readonly (string | number)[]): unknown {
  let value = document;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.entries(value).find(([name]) => name === String(step))?.[1];
  }
  return value;
}

function ordinal(n: number): string {
  const suffix = n % 100 >= 11 && n % 100 <= 13 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${suffix}`;
}
