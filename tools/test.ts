// `npm test`: runs every *.test.ts of the repository except those of the lab, which needs root and Debian packages and has a command of its own.
// `npm test -- jid sasl` runs the files whose path contains one of the words.

import { join } from "node:path";
import { runTests } from "./test-run/run-tests.ts";

const passed = await runTests({
  root: join(import.meta.dirname, ".."),
  words: process.argv.slice(2),
  print: (line) => process.stdout.write(`${line}\n`),
});
process.exitCode = passed ? 0 : 1;
