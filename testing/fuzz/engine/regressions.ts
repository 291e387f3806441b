import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "./instrumented-imports.ts";

/** Where what was found is kept, to be tried by every run of the tests. */
export const regressionsFolder = join(import.meta.dirname, "..", "regressions");

/** An input that has found a bug once; its file has the bytes and nothing else. */
export interface Regression {
  readonly name: string;
  readonly input: string;
}

/** What a target has found so far. */
export function readRegressions(target: string): readonly Regression[] {
  const folder = join(regressionsFolder, target);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .toSorted()
    .map((name) => ({ name, input: readFileSync(join(folder, name), "latin1") }));
}

/** Keeps an input that has found something; the path of its file, from the root of the repository. */
export function writeRegression(regressions: string, target: string, input: string): string {
  const folder = join(regressions, target);
  mkdirSync(folder, { recursive: true });
  const name = createHash("sha256").update(input, "latin1").digest("hex").slice(0, 12);
  const path = join(folder, name);
  writeFileSync(path, input, "latin1");
  return relative(root, path);
}
