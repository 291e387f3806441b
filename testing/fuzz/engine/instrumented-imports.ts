import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type AskedWords, askedWordsName } from "./asked-words.ts";
import type { Coverage } from "./coverage.ts";
import { countersName, instrument } from "./instrument.ts";

/** A change to one module as it is loaded, which the file knows nothing of: a bug to be found. */
export interface PlantedCode {
  /** From the root of the repository. */
  readonly path: string;
  /** A text of the module, before which… */
  readonly before: string;
  /** …this is put. */
  readonly code: string;
}

/** The root of the repository. */
export const root = join(import.meta.dirname, "..", "..", "..");

/** What is fuzzed; everything else is the bench that it lies on. */
const fuzzed =
  /^(?:protocol|kit|im|xep|server\/(?:components|dns|http|s2s|storage|trust))\/(?!.*(?:\/testing\/|\.test\.ts$)).*\.ts$/u;
/** Tables are no branches, and their texts no words. */
const withoutWords = /\.generated\.ts$/u;

/**
 * Counts the blocks of all modules that this thread imports from now on.
 *
 * @returns words that the modules mention, filled as they are loaded
 */
export function instrumentImports(coverage: Coverage, asked: AskedWords, planted?: PlantedCode): ReadonlySet<string> {
  const words = new Set<string>();
  Object.defineProperty(globalThis, countersName, { value: coverage.counters });
  Object.defineProperty(globalThis, askedWordsName, { value: asked });
  registerHooks({
    load: (url, context, nextLoad) => {
      const path = url.startsWith("file:") ? relative(root, fileURLToPath(url)).replaceAll(sep, "/") : "";
      if (!fuzzed.test(path)) return nextLoad(url, context);
      const source = readFileSync(join(root, path), "utf8");
      const instrumented = instrument(
        planted?.path === path ? plant(source, planted) : source,
        coverage.blocks,
        asked.list.bind(asked),
      );
      coverage.add(instrumented.counters);
      if (!withoutWords.test(path)) for (const word of instrumented.words) words.add(word);
      return { format: "module-typescript", shortCircuit: true, source: instrumented.code };
    },
  });
  return words;
}

function plant(source: string, { before, code, path }: PlantedCode): string {
  const at = source.indexOf(before);
  if (at < 0) throw new Error(`${path} does not say ${before} any more: plant the bug elsewhere`);
  return source.slice(0, at) + code + source.slice(at);
}
