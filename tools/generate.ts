// Writes every generated file of the repository. `--check` writes nothing, and fails where a file is not what it should be.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { compareGenerated } from "./generate/compare.ts";
import { generateAll } from "./generate/generators.ts";
import { readSources } from "./tidy/source-files.ts";

const root = join(import.meta.dirname, "..");
const stale = compareGenerated(await generateAll(root), readSources(root));

if (process.argv.includes("--check")) {
  for (const { path, why } of stale) console.error(`${path} ${why}: run \`npm run generate\``);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const { path, text } of stale) {
    if (text === undefined) {
      console.error(`${path} is written by no generator: remove it`);
      process.exitCode = 1;
      continue;
    }
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.log(`wrote ${path}`);
  }
}
