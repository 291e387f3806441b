import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./instrumented-imports.ts";

/** A round ends sooner than this wherever it can; where it cannot, it is its beginning that was tried. */
export const roundSecondsMax = 600;

/** The seed of rounds: each release has another, and the same release the same. */
export function roundSeed(): number {
  const { version }: { version: string } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return createHash("sha256").update(`a round of ${version}`).digest().readUInt32BE() % 1_000_000_000;
}
