import { posix } from "node:path";
import { lineOf } from "./code-text.ts";
import { codeOf, type SourceFile } from "./source-files.ts";

/** One import, re-export or dynamic import of a file. */
export interface Import {
  readonly line: number;
  readonly specifier: string;
  /** Nothing of it is left when the program runs. */
  readonly typeOnly: boolean;
  readonly target: ImportTarget;
}

export type ImportTarget =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "node"; readonly name: string }
  | { readonly kind: "package"; readonly name: string };

/** What a program imports; types count like values, since they bind just as much. */
export function importsOf(file: SourceFile): readonly Import[] {
  const { code } = codeOf(file);
  return [...code.matchAll(importPattern)].map((match) => {
    const quote = match.index + match[0].search(/["']/u);
    const specifier = file.text.slice(quote + 1, match.index + match[0].length - 1);
    const typeOnly = isTypeOnly(code.slice(0, match.index), match[0]);
    return { line: lineOf(file.text, quote), specifier, typeOnly, target: resolve(file.path, specifier) };
  });
}

/** Files that a program names in a string and starts or reads by that name, such as a worker's: `new URL("./worker.ts", import.meta.url)`. */
export function filesNamedIn(file: SourceFile): readonly string[] {
  return [...file.text.matchAll(/["'`]((?:\.{1,2}\/|#)?[\w./-]+\.ts)["'`]/gu)].flatMap(([, name = ""]) => {
    const target = resolve(file.path, name.startsWith(".") || name.startsWith("#") ? name : `./${name}`);
    return target.kind === "file" ? [target.path] : [];
  });
}

function isTypeOnly(before: string, match: string): boolean {
  const statement = /(?:import|export)[^;"']*$/u.exec(before.slice(-statementLengthMax))?.[0];
  if (!match.startsWith("from") || statement === undefined) return false;
  if (/^\w+\s+type\s*[\w{*]/u.test(statement)) return true;
  const names = /^\w+\s*\{([^}]*)\}\s*$/u
    .exec(statement)?.[1]
    ?.split(",")
    .filter((name) => name.trim() !== "");
  return names !== undefined && names.length > 0 && names.every((name) => /^\s*type\s/u.test(name));
}

const statementLengthMax = 5_000;
const importPattern = /(?:\bfrom|\bimport|\bimport\s*\()\s*(?:" *"|' *')/gu;

function resolve(from: string, specifier: string): ImportTarget {
  if (specifier.startsWith("#")) return { kind: "file", path: specifier.slice(1) };
  if (specifier.startsWith(".")) return { kind: "file", path: posix.join(posix.dirname(from), specifier) };
  if (specifier.startsWith("node:")) return { kind: "node", name: specifier };
  const parts = specifier.split("/");
  return { kind: "package", name: parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/") };
}
