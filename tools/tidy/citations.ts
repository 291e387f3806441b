import { readRegistry } from "../conformance/registry.ts";
import { lineOf } from "./code-text.ts";
import type { SourceFile } from "./source-files.ts";
import type { Violation } from "./violation.ts";

/**
 * A requirement that is cited, such as `[rfc6120-4.3.3-02]`, is written as the registry in spec/ writes it, and is in it.
 *
 * @param files programs, documents, and the registry's files `spec/*.json`
 */
export function citations(files: readonly SourceFile[]): readonly Violation[] {
  const known = knownRequirements(files);
  return files
    .filter(({ path }) => (path.endsWith(".ts") || path.endsWith(".md")) && !invents.test(path))
    .flatMap(({ path, text }) =>
      citedIn(text).flatMap(({ id, line }): readonly Violation[] => {
        if (!wellFormed.test(id))
          return [{ path, line, message: `cites [${id}], which is not of the form [rfc6120-4.3.3-02]` }];
        return known.has(id) ? [] : [{ path, line, message: `cites [${id}], which is not in the registry (spec/)` }];
      }),
    );
}

/** All that looks like the citation of a requirement, well-formed or not. */
export function citedIn(text: string): readonly { readonly id: string; readonly line: number }[] {
  return [...text.matchAll(/\[((?:rfc|xep)\d{2,}-?[^\]\s]*)\](?!\()/gu)].map((match) => ({
    id: match[1] ?? "",
    line: lineOf(text, match.index),
  }));
}

/** The registry's ids, each with its level. */
export function knownRequirements(files: readonly SourceFile[]): ReadonlyMap<string, string> {
  return new Map(readRegistry(files).flatMap(({ levels }) => [...levels]));
}

/** Tests of tools plant registries of their own. */
const invents = /^tools\/(?:tidy\/citations|(?:conformance|audit)\/.*\.test\.ts$)/u;

const wellFormed = /^(?:rfc|xep)\d{4}-[0-9A-Z]+(?:\.\d+)*-\d{2}$/u;
